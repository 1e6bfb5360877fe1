namespace Sidestep.Forwarding;

/// <summary>What the data plane did with a frame: enum decision of src/bpf/tables.h.</summary>
public enum Decision
{
    /// <summary>Not for a VIP: left to the kernel, not counted.</summary>
    Pass = 1,

    /// <summary>Sent to a real server.</summary>
    Forward = 2,

    /// <summary>An ARP request for a VIP in service, answered.</summary>
    AnswerArp = 3,

    /// <summary>An echo request to a VIP in service, answered.</summary>
    AnswerEcho = 4,

    /// <summary>Dropped; there is a <see cref="DropReason"/>.</summary>
    Drop = 5,
}

/// <summary>Why a frame was dropped: enum drop_reason of src/bpf/tables.h. docs/operations.md says what to do about each.</summary>
public enum DropReason
{
    /// <summary>Header lengths contradict each other or the frame.</summary>
    Malformed = 1,

    /// <summary>A fragment; not supported yet.</summary>
    Fragment = 2,

    /// <summary>IPv4 options; not supported yet.</summary>
    IpOptions = 3,

    /// <summary>To a VIP, neither TCP, UDP nor ICMP.</summary>
    ProtocolUnsupported = 4,

    /// <summary>To a VIP, ICMP other than an echo request.</summary>
    IcmpUnsupported = 5,

    /// <summary>An echo request to a VIP that is not in service.</summary>
    EchoRefused = 6,

    /// <summary>To a VIP, but no service has that protocol and port.</summary>
    NoService = 7,

    /// <summary>The service has no usable real server.</summary>
    NoServer = 8,

    /// <summary>With its outer header longer than the MTU of the way out.</summary>
    TooBig = 9,

    /// <summary>The driver left no room for the outer header.</summary>
    NoHeadroom = 10,

    /// <summary>An index out of range: a defect of the product.</summary>
    TablesInconsistent = 11,
}
