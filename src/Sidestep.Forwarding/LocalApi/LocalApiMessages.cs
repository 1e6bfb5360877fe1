using Sidestep.Forwarding.Capture;

namespace Sidestep.Forwarding.LocalApi;

/// <summary>Where the daemon of a managed director answers the command line, below its Unix socket.</summary>
public static class LocalApiPaths
{
    /// <summary>Before all of them.</summary>
    public const string Folder = "/v1/running/";

    /// <summary>GET: <see cref="DirectorStatus"/>.</summary>
    public const string Status = Folder + "status";

    /// <summary>GET: <see cref="FlowsResponse"/>.</summary>
    public const string Flows = Folder + "flows";

    /// <summary>POST the text of a configuration: <see cref="Plans.Plan"/>.</summary>
    public const string Plan = Folder + "plan";

    /// <summary>POST <see cref="CaptureRequest"/>: <see cref="CaptureResponse"/>.</summary>
    public const string Capture = Folder + "capture";

    /// <summary>POST <see cref="TraceRequest"/>: <see cref="TraceResponse"/>.</summary>
    public const string Trace = Folder + "trace";
}

/// <summary>What is remembered.</summary>
/// <param name="Table">What the table is for.</param>
/// <param name="Flows">Every flow that is not idle.</param>
public sealed record FlowsResponse(FlowTableStatus Table, IReadOnlyList<TrackedFlow> Flows);

/// <summary>Asks for frames.</summary>
/// <param name="Session">0: begin one, with the filter; otherwise the one that goes on.</param>
/// <param name="Filter">Which frames.</param>
/// <param name="Limits">How many, and how much of them.</param>
/// <param name="IsLast">This is the last question.</param>
public sealed record CaptureRequest(long Session, CaptureFilter Filter, CaptureLimits Limits, bool IsLast);

/// <summary>Frames.</summary>
/// <param name="Session">To be named in the next question.</param>
/// <param name="Frames">Since the last one.</param>
/// <param name="Counts">What was not recorded since the beginning.</param>
public sealed record CaptureResponse(long Session, IReadOnlyList<CapturedFrame> Frames, CaptureCounts Counts);

/// <summary>Asks what would happen to a frame.</summary>
/// <param name="Frame">From the Ethernet header on.</param>
/// <param name="IsSynthetic">It is addressed to nobody yet: to the director, then.</param>
public sealed record TraceRequest(byte[] Frame, bool IsSynthetic);

/// <summary>What would happen.</summary>
/// <param name="Frame">As it was looked at.</param>
/// <param name="Explanation">Stage by stage.</param>
/// <param name="Sent">What would go out; empty: nothing.</param>
public sealed record TraceResponse(byte[] Frame, Pipeline.Explanation Explanation, byte[] Sent);
