using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Forwarding.Capture;

/// <summary>The conditions that a captured frame meets, all of them. Frames that are left to the kernel are captured
/// only when <see cref="Decision"/> selects them.</summary>
public sealed record CaptureFilter
{
    /// <summary>The most address conditions.</summary>
    public const int MaxAddresses = 4;

    /// <summary>The most port conditions.</summary>
    public const int MaxPorts = 2;

    /// <summary>Every frame that is for a VIP.</summary>
    public static CaptureFilter Everything { get; } = new();

    /// <summary>Conditions on addresses of the received frame; of ARP, on the sender and target addresses.</summary>
    public ImmutableArray<AddressCondition> Addresses { get; init; } = [];

    /// <summary>Ports, 1 to 65535: each must be the source or the destination port.</summary>
    public ImmutableArray<ushort> Ports { get; init; } = [];

    /// <summary>IP protocol of the received frame; null: any, ARP included.</summary>
    public CapturedProtocol? Protocol { get; init; }

    /// <summary>Name of the service that the frame matches; null: any, or none.</summary>
    public string? Service { get; init; }

    /// <summary>Name or address of the chosen real server; null: any, or none.</summary>
    public string? Server { get; init; }

    /// <summary>The decision; null: any except <see cref="Forwarding.Decision.Pass"/>.</summary>
    public Decision? Decision { get; init; }

    /// <summary>The drop reason; null: any, or not dropped.</summary>
    public DropReason? Reason { get; init; }
}

/// <summary>A condition on an address.</summary>
/// <param name="Prefix">The prefix that contains the address.</param>
/// <param name="Side">Which address of the frame: either one, or one of the two.</param>
public sealed record AddressCondition(IPNetwork Prefix, CapturedSide Side);

/// <summary>Selects addresses of a frame.</summary>
[Flags]
public enum CapturedSide
{
    /// <summary>Neither address: no frame meets the condition.</summary>
    None = 0,

    /// <summary>The source address, or the sender address of ARP.</summary>
    Source = 1,

    /// <summary>The destination address, or the target address of ARP.</summary>
    Destination = 2,

    /// <summary>At least one of the two addresses.</summary>
    Either = Source | Destination,
}

/// <summary>Protocols that a capture filter can select.</summary>
public enum CapturedProtocol
{
    /// <summary>TCP, IP protocol 6 (RFC 9293).</summary>
    Tcp,

    /// <summary>UDP, IP protocol 17 (RFC 768).</summary>
    Udp,

    /// <summary>SCTP, IP protocol 132 (RFC 9260).</summary>
    Sctp,

    /// <summary>UDP-Lite, IP protocol 136 (RFC 3828).</summary>
    UdpLite,

    /// <summary>DCCP, IP protocol 33 (RFC 4340).</summary>
    Dccp,

    /// <summary>ICMP: IP protocol 1 in IPv4 (RFC 792), 58 in IPv6 (RFC 4443).</summary>
    Icmp,
}

/// <summary>Limits of a capture, which protect the data path and its reader.</summary>
public sealed record CaptureLimits
{
    /// <summary>The smallest <see cref="Snap"/>, in bytes: the headers up to the ports.</summary>
    public const int ShortestSnap = 64;

    /// <summary>The largest <see cref="Snap"/>, in bytes.</summary>
    public const int LongestSnap = 2048;

    /// <summary>The largest <see cref="Sample"/> and <see cref="Rate"/>.</summary>
    public const int LargestNumber = 1_000_000_000;

    /// <summary>Number of bytes that are recorded of each frame, <see cref="ShortestSnap"/> to
    /// <see cref="LongestSnap"/>.</summary>
    public int Snap { get; init; } = 256;

    /// <summary>Sampling: one of this many frames is examined; 1: all.</summary>
    public int Sample { get; init; } = 1;

    /// <summary>The most packets per second, received and sent frame counted once; 0: no limit.</summary>
    public int Rate { get; init; } = 1000;
}
