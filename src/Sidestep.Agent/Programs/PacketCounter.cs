namespace Sidestep.Agent.Programs;

/// <summary>The counters of the programs: enum packet_counter of src/bpf/agent/maps.h, in the same order.</summary>
internal enum PacketCounter
{
    /// <summary>Delivered to this server without the outer header.</summary>
    Decapsulated,

    /// <summary>Dropped: for a VIP, but the outer source is not a director.</summary>
    RejectedSource,

    /// <summary>Dropped: from a director, but the inner destination is not a VIP of this server.</summary>
    RejectedVip,

    /// <summary>Passed: from a director, but the outer destination is not an address of this server.</summary>
    RejectedDestination,

    /// <summary>Dropped: from a director, with headers that contradict each other.</summary>
    Malformed,

    /// <summary>Dropped: the outer header is marked CE, and the inner packet cannot carry the mark (RFC 6040 section
    /// 4.2).</summary>
    EcnDropped,

    /// <summary>Passed: from a director, fragmented in transit.</summary>
    OuterFragment,

    /// <summary>Passed: a packet of another tunnel.</summary>
    Foreign,

    /// <summary>Dropped: the kernel could not shorten the packet.</summary>
    Failed,

    /// <summary>Passed: from a director, for a VIP, in an encapsulation that is not configured.</summary>
    OtherKind,

    /// <summary>Dropped: another host sent this server a neighbour solicitation for a VIP.</summary>
    Solicitation,

    /// <summary>Dropped: this server sent a neighbour advertisement for a VIP.</summary>
    Advertisement,

    /// <summary>A SYN-ACK of a VIP offered a larger MSS than fits through the encapsulation, and was changed.</summary>
    MssLowered,
}
