namespace Sidestep.Agent.Decapsulation;

/// <summary>What the program counts: enum decapsulation_counter of src/bpf/agent/decapsulate.bpf.c, in its order.</summary>
internal enum DecapsulationCounter
{
    /// <summary>Delivered to this server without the outer header.</summary>
    Decapsulated,

    /// <summary>Dropped: for a VIP, but the outer source is not a director.</summary>
    RefusedSource,

    /// <summary>Dropped: from a director, but the inner destination is not a VIP of this server.</summary>
    RefusedVip,

    /// <summary>Left alone: from a director, but the outer destination is not an address of this server.</summary>
    RefusedDestination,

    /// <summary>Dropped: from a director, with headers that contradict each other.</summary>
    Malformed,

    /// <summary>Dropped: congestion marked on the outer header, and the inner packet cannot carry the mark (RFC 6040).</summary>
    EcnDropped,

    /// <summary>Left to the kernel: from a director, fragmented on the way.</summary>
    OuterFragment,

    /// <summary>Left to the kernel: IP-in-IP that is none of ours.</summary>
    Foreign,

    /// <summary>Dropped: the kernel could not shorten the packet.</summary>
    Failed,
}
