using System.Net;

namespace Sidestep.Forwarding.Capture;

/// <summary>A received or sent frame, with the decision of the data plane.</summary>
public sealed record CapturedFrame
{
    /// <summary>Packet number, from 1; a received frame and the frame sent for it have the same.</summary>
    public required long Number { get; init; }

    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public required long Time { get; init; }

    /// <summary>True: the frame as it was sent. False: as it was received.</summary>
    public required bool IsOut { get; init; }

    /// <summary>Name of the ingress interface; of a sent frame, of the egress interface.</summary>
    public required string Interface { get; init; }

    /// <summary>The decision of the data plane about the frame.</summary>
    public required Decision Decision { get; init; }

    /// <summary>The drop reason; null unless it was dropped.</summary>
    public DropReason? Reason { get; init; }

    /// <summary>The verdict returned to the driver.</summary>
    public required XdpAction Action { get; init; }

    /// <summary>Name of the service that matches; null: none does, or none was looked up.</summary>
    public string? Service { get; init; }

    /// <summary>Name of the real server; null: none was chosen.</summary>
    public string? Server { get; init; }

    /// <summary>Address of the real server; null: none was chosen.</summary>
    public IPAddress? ServerAddress { get; init; }

    /// <summary>Length of the whole frame in bytes.</summary>
    public required int Length { get; init; }

    /// <summary>The recorded beginning of the frame, from the Ethernet header on.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }
}

/// <summary>Frames that a capture did not record.</summary>
/// <param name="Missed">Frames that matched the filter but exceeded the rate limit.</param>
/// <param name="Lost">Records that were lost because the reader was too slow.</param>
public readonly record struct CaptureCounts(long Missed, long Lost);
