using System.Net;
using System.Text.Json.Serialization;

namespace Sidestep.Api.Captures;

/// <summary>A captured frame: a line of <c>sidestep capture --json</c>. docs/capture.schema.json is its JSON
/// Schema.</summary>
public sealed record FrameRecord
{
    /// <summary>Packet number, from 1; a received frame and the frame sent for it have the same.</summary>
    public required long Number { get; init; }

    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public required long TimeNanoseconds { get; init; }

    /// <summary>The frame as it came in, or as it went out.</summary>
    public required FrameDirection Direction { get; init; }

    /// <summary>Name of the ingress interface; of a sent frame, of the egress interface.</summary>
    public required string Interface { get; init; }

    /// <summary>The decision, such as <c>forward</c>.</summary>
    public required string Decision { get; init; }

    /// <summary>The drop reason, such as <c>no-service</c>; null unless it was dropped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Reason { get; init; }

    /// <summary>The verdict returned to the driver: <c>aborted</c>, <c>drop</c>, <c>pass</c>, <c>transmit</c> or
    /// <c>redirect</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Name of the service that matches; null: none does, or none was looked up.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Service { get; init; }

    /// <summary>Name of the real server; null: none was chosen.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Server { get; init; }

    /// <summary>Address of the real server; null: none was chosen.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IPAddress? ServerAddress { get; init; }

    /// <summary>Length of the whole frame in bytes.</summary>
    public required int Length { get; init; }

    /// <summary>The recorded beginning of the frame, from the Ethernet header on; in JSON as base64.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }
}

/// <summary>The direction of a captured frame.</summary>
public enum FrameDirection
{
    /// <summary>The frame as the director received it.</summary>
    In,

    /// <summary>The frame as the director sent it.</summary>
    Out,
}

/// <summary>Frames that a capture did not record since its start.</summary>
/// <param name="Missed">Frames that matched the filter but exceeded the rate limit.</param>
/// <param name="Lost">Records that were lost because the reader was too slow.</param>
public sealed record CaptureLoss(long Missed, long Lost);

/// <summary>A line of the response to a <see cref="CaptureRequest"/>: one of the three.</summary>
public sealed record CaptureLine
{
    /// <summary>A captured frame.</summary>
    public FrameRecord? Frame { get; init; }

    /// <summary>Frames that were not recorded. It is the first line, and another one follows every batch of
    /// frames.</summary>
    public CaptureLoss? Loss { get; init; }

    /// <summary>Why the capture has ended: the last line.</summary>
    public ApiProblem? Problem { get; init; }
}
