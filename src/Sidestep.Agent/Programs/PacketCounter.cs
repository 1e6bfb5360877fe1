namespace Sidestep.Agent.Programs;

/// <summary>What the programs count: enum packet_counter of src/bpf/agent/maps.h, in its order.</summary>
internal enum PacketCounter
{
    /// <summary>Delivered to this server without the outer header.</summary>
    Decapsulated,

    /// <summary>Dropped: for a VIP, but the outer source is not a director.</summary>
    RejectedSource,

    /// <summary>Dropped: from a director, but the inner destination is not a VIP of this server.</summary>
    RejectedVip,

    /// <summary>Left alone: from a director, but the outer destination is not an address of this server.</summary>
    RejectedDestination,

    /// <summary>Dropped: from a director, with headers that contradict each other.</summary>
    Malformed,

    /// <summary>Dropped: congestion marked on the outer header, and the inner packet cannot carry the mark (RFC 6040).</summary>
    EcnDropped,

    /// <summary>Left to the kernel: from a director, fragmented on the way.</summary>
    OuterFragment,

    /// <summary>Left to the kernel: a tunnel that is none of ours.</summary>
    Foreign,

    /// <summary>Dropped: the kernel could not shorten the packet.</summary>
    Failed,

    /// <summary>Left to the kernel: from a director, for a VIP, in an encapsulation that was not agreed.</summary>
    OtherKind,

    /// <summary>Dropped: somebody asked this server for a VIP by neighbour solicitation.</summary>
    Solicitation,

    /// <summary>Dropped: this server was about to claim a VIP by neighbour advertisement.</summary>
    Advertisement,

    /// <summary>A SYN-ACK of a VIP offered larger segments than fit through the encapsulation, and was corrected.</summary>
    MssLowered,
}
