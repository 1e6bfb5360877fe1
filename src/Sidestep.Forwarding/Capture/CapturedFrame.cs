using System.Net;

namespace Sidestep.Forwarding.Capture;

/// <summary>A frame as it came in or went out, with what the data plane did with it.</summary>
public sealed record CapturedFrame
{
    /// <summary>1, 2, ...; a frame that came in and what went out of it have the same.</summary>
    public required long Number { get; init; }

    /// <summary>Nanoseconds since 1970.</summary>
    public required long Time { get; init; }

    /// <summary>True: as it was sent. False: as it came in.</summary>
    public required bool IsOut { get; init; }

    /// <summary>Name of the interface that it came in by or goes out by.</summary>
    public required string Interface { get; init; }

    /// <summary>What was decided.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Why it was dropped; null unless it was.</summary>
    public DropReason? Reason { get; init; }

    /// <summary>What the kernel was told.</summary>
    public required XdpAction Action { get; init; }

    /// <summary>Name of the service that takes it; null: none does, or it was not looked for.</summary>
    public string? Service { get; init; }

    /// <summary>Name of the real server; null: none was chosen.</summary>
    public string? Server { get; init; }

    /// <summary>Its address.</summary>
    public IPAddress? ServerAddress { get; init; }

    /// <summary>Bytes of the whole frame.</summary>
    public required int Length { get; init; }

    /// <summary>The beginning of the frame, from the Ethernet header on.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }
}

/// <summary>What a capture did not record.</summary>
/// <param name="Missed">Frames that the filter wanted and the bound of frames a second left out.</param>
/// <param name="Lost">Records that were not read in time.</param>
public readonly record struct CaptureCounts(long Missed, long Lost);
