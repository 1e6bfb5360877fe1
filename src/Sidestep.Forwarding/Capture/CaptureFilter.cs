using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Forwarding.Capture;

/// <summary>Which frames are captured: those that meet every condition. What the kernel is left with is captured only when
/// <see cref="Decision"/> asks for it.</summary>
public sealed record CaptureFilter
{
    /// <summary>The most address conditions.</summary>
    public const int MaxAddresses = 4;

    /// <summary>The most port conditions.</summary>
    public const int MaxPorts = 2;

    /// <summary>Every frame that is for a VIP.</summary>
    public static CaptureFilter Everything { get; } = new();

    /// <summary>Addresses of the frame as it came in; of ARP, who asks and who is asked for.</summary>
    public ImmutableArray<AddressCondition> Addresses { get; init; } = [];

    /// <summary>Source or destination ports; 1 to 65535.</summary>
    public ImmutableArray<ushort> Ports { get; init; } = [];

    /// <summary>Protocol; null: any.</summary>
    public CapturedProtocol? Protocol { get; init; }

    /// <summary>Name of the service that takes it; null: any, or none.</summary>
    public string? Service { get; init; }

    /// <summary>Name or address of the real server that it goes to; null: any, or none.</summary>
    public string? Server { get; init; }

    /// <summary>What became of it; null: anything but being left to the kernel.</summary>
    public Decision? Decision { get; init; }

    /// <summary>Why it was dropped; null: any reason, or not dropped.</summary>
    public DropReason? Reason { get; init; }
}

/// <summary>A condition on an address.</summary>
/// <param name="Prefix">What it lies in.</param>
/// <param name="Side">Which address.</param>
public sealed record AddressCondition(IPNetwork Prefix, CapturedSide Side);

/// <summary>Which of a frame's addresses is meant.</summary>
[Flags]
public enum CapturedSide
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>The sender's.</summary>
    Source = 1,

    /// <summary>The receiver's.</summary>
    Destination = 2,

    /// <summary>Either.</summary>
    Either = Source | Destination,
}

/// <summary>Protocols that a filter knows.</summary>
public enum CapturedProtocol
{
    /// <summary>6.</summary>
    Tcp,

    /// <summary>17.</summary>
    Udp,

    /// <summary>1, and 58 in IPv6.</summary>
    Icmp,
}

/// <summary>What protects the data path, and the reader.</summary>
public sealed record CaptureLimits
{
    /// <summary>The fewest bytes of a frame that can be recorded: the headers up to the ports.</summary>
    public const int ShortestSnap = 64;

    /// <summary>The most bytes of a frame that can be recorded.</summary>
    public const int LongestSnap = 2048;

    /// <summary>Bytes of each frame that are recorded, <see cref="ShortestSnap"/> to <see cref="LongestSnap"/>.</summary>
    public int Snap { get; init; } = 256;

    /// <summary>Of so many frames, one is looked at; 1: all.</summary>
    public int Sample { get; init; } = 1;

    /// <summary>Frames a second, in and out together being one; 0: no bound.</summary>
    public int Rate { get; init; } = 1000;
}
