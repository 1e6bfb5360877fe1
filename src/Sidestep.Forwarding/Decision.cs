namespace Sidestep.Forwarding;

/// <summary>What the data plane did with a frame: enum decision of src/bpf/tables.h.</summary>
public enum Decision
{
    /// <summary>Not for a VIP: left to the kernel, not counted.</summary>
    Pass = 1,

    /// <summary>Sent to a real server.</summary>
    Forward = 2,

    /// <summary>An ARP request for a VIP in service, answered.</summary>
    ArpReply = 3,

    /// <summary>An echo request to a VIP in service, answered.</summary>
    EchoReply = 4,

    /// <summary>Dropped; there is a <see cref="DropReason"/>.</summary>
    Drop = 5,

    /// <summary>A neighbour solicitation for a VIP in service, answered.</summary>
    NeighbourAdvertisement = 6,

    /// <summary>Too big for the way to its server: the sender was told the size that fits.</summary>
    IcmpTooBig = 7,

    /// <summary>A segment of a connection of a drained server, answered with a reset.</summary>
    TcpReset = 8,

    /// <summary>Left to the kernel because a director has chosen this machine for it: it is itself the real server.</summary>
    DeliverLocally = 9,

    /// <summary>Given to the slow path, which sends it in fragments.</summary>
    Punted = 10,
}

/// <summary>Why a frame was dropped: enum drop_reason of src/bpf/tables.h. docs/operations.md says what to do about each.</summary>
public enum DropReason
{
    /// <summary>Header lengths contradict each other or the frame.</summary>
    Malformed = 1,

    /// <summary>A later fragment whose first one is not known: it came late, never, or was forgotten.</summary>
    FragmentUnknown = 2,

    /// <summary>More IPv6 extension headers than are looked at, or one that may not be forwarded.</summary>
    ExtensionHeaders = 3,

    /// <summary>To a VIP, neither TCP, UDP nor ICMP.</summary>
    ProtocolUnsupported = 4,

    /// <summary>To a VIP, ICMP that is neither an echo request nor an error about a flow.</summary>
    IcmpUnsupported = 5,

    /// <summary>An echo request to a VIP that is not in service.</summary>
    EchoRefused = 6,

    /// <summary>To a VIP, but no service has that protocol and port.</summary>
    NoService = 7,

    /// <summary>The service has no usable real server.</summary>
    NoServer = 8,

    /// <summary>With its outer header longer than the MTU of the egress interface.</summary>
    TooBig = 9,

    /// <summary>The driver left no room for the outer header.</summary>
    NoHeadroom = 10,

    /// <summary>An index out of range: a defect of the product.</summary>
    TablesInconsistent = 11,

    /// <summary>The service's access list denies the source address.</summary>
    AccessDenied = 12,

    /// <summary>Too big, and more such packets came than are answered.</summary>
    TooBigRateLimited = 13,

    /// <summary>An ICMP error that quotes no flow of a service.</summary>
    IcmpErrorUnknown = 14,
}
