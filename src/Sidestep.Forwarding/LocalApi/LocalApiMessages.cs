using Sidestep.Forwarding.Capture;

namespace Sidestep.Forwarding.LocalApi;

/// <summary>HTTP paths by which the daemon of a managed director serves the command line on its Unix socket.</summary>
public static class LocalApiPaths
{
    /// <summary>Prefix of all these paths.</summary>
    public const string Folder = "/v1/running/";

    /// <summary>GET; the response is a <see cref="FlowsResponse"/>.</summary>
    public const string Flows = Folder + "flows";

    /// <summary>POST of the text of a configuration; the response is a <see cref="Plans.Plan"/>.</summary>
    public const string Plan = Folder + "plan";

    /// <summary>POST of a <see cref="CaptureRequest"/>; the response is a <see cref="CaptureResponse"/>.</summary>
    public const string Capture = Folder + "capture";

    /// <summary>POST of a <see cref="TraceRequest"/>; the response is a <see cref="TraceResponse"/>.</summary>
    public const string Trace = Folder + "trace";
}

/// <summary>All tracked flows of the running director.</summary>
/// <param name="Table">Capacity, servers and services of the flow table.</param>
/// <param name="Flows">Every live flow.</param>
public sealed record FlowsResponse(FlowTableStatus Table, IReadOnlyList<TrackedFlow> Flows);

/// <summary>Requests captured frames.</summary>
/// <param name="Session">0 to start a capture with the filter; otherwise the number of the running capture.</param>
/// <param name="Filter">Which frames to capture.</param>
/// <param name="Limits">How many frames, and how many bytes of each.</param>
/// <param name="IsLast">True to end the capture.</param>
public sealed record CaptureRequest(long Session, CaptureFilter Filter, CaptureLimits Limits, bool IsLast);

/// <summary>Frames that a capture recorded.</summary>
/// <param name="Session">Number of the capture, for the next request.</param>
/// <param name="Frames">Frames recorded since the previous request.</param>
/// <param name="Counts">Frames not recorded since the start of the capture.</param>
public sealed record CaptureResponse(long Session, IReadOnlyList<CapturedFrame> Frames, CaptureCounts Counts);

/// <summary>Requests a trace: what would happen to a frame.</summary>
/// <param name="Frame">The frame from the Ethernet header on.</param>
/// <param name="IsSynthetic">The frame has no Ethernet addresses yet: the daemon addresses it to the director.</param>
public sealed record TraceRequest(byte[] Frame, bool IsSynthetic);

/// <summary>The result of a trace: the decision of every stage, and the frame that would be sent.</summary>
/// <param name="Frame">The traced frame.</param>
/// <param name="Explanation">The decisions, stage by stage.</param>
/// <param name="Sent">The frame that would be sent; empty: none.</param>
public sealed record TraceResponse(byte[] Frame, Pipeline.Explanation Explanation, byte[] Sent);
