namespace Sidestep.Forwarding;

/// <summary>The decision of the data plane about a frame: enum decision of src/bpf/tables.h, with the same texts. Text
/// and JSON output use the names in lower case with hyphens (<see cref="CounterName"/>).</summary>
public enum Decision
{
    /// <summary>Not for a VIP: left to the kernel and not counted.</summary>
    Pass = 1,

    /// <summary>Sent to a real server.</summary>
    Forward = 2,

    /// <summary>An ARP request for a VIP in service: answered.</summary>
    ArpReply = 3,

    /// <summary>An echo request to a VIP: answered.</summary>
    EchoReply = 4,

    /// <summary>Dropped, for one of the drop reasons.</summary>
    Drop = 5,

    /// <summary>A neighbour solicitation for a VIP in service: answered.</summary>
    NeighbourAdvertisement = 6,

    /// <summary>Too big for its path: the sender gets an ICMP error with the MTU.</summary>
    IcmpTooBig = 7,

    /// <summary>A TCP segment that no server gets: reset.</summary>
    TcpReset = 8,

    /// <summary>Left to the kernel: a director chose this machine as the server.</summary>
    DeliverLocally = 9,

    /// <summary>Too big: punted to user space, which sends it in fragments.</summary>
    Punted = 10,

    /// <summary>No service or no server: the sender gets an ICMP error.</summary>
    IcmpUnreachable = 11,
}

/// <summary>Why a frame was dropped: enum drop_reason of src/bpf/tables.h, with the same texts. docs/operations.md says
/// what to do about each.</summary>
public enum DropReason
{
    /// <summary>Header lengths contradict each other or the frame.</summary>
    Malformed = 1,

    /// <summary>A later fragment whose first fragment is not known.</summary>
    FragmentUnknown = 2,

    /// <summary>Too many IPv6 extension headers, or one that must not be forwarded.</summary>
    ExtensionHeaders = 3,

    /// <summary>A protocol that no service of the VIP has.</summary>
    ProtocolUnsupported = 4,

    /// <summary>ICMP that is neither an echo request nor an error about a flow.</summary>
    IcmpUnsupported = 5,

    /// <summary>An echo request to a VIP that does not answer it now.</summary>
    EchoRefused = 6,

    /// <summary>No service of the VIP has this protocol and port.</summary>
    NoService = 7,

    /// <summary>The service has no usable real server.</summary>
    NoServer = 8,

    /// <summary>Longer than the MTU of the egress interface, with its outer header.</summary>
    TooBig = 9,

    /// <summary>Too little headroom in front of the frame for the outer header.</summary>
    NoHeadroom = 10,

    /// <summary>An index in the tables is out of range: a bug, please report it.</summary>
    TablesInconsistent = 11,

    /// <summary>The access list of the service denies the source.</summary>
    AccessDenied = 12,

    /// <summary>Too big, and ICMP errors or punted frames are at their limit.</summary>
    TooBigRateLimited = 13,

    /// <summary>An ICMP error that quotes no flow of a service.</summary>
    IcmpErrorUnknown = 14,
}
