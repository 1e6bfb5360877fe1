namespace Sidestep.Api;

/// <summary>Paths and limits of the API.</summary>
public static class ApiPaths
{
    /// <summary>GET, followed by the server's name: its spec.</summary>
    public const string Spec = "/v1/spec/";

    /// <summary>POST, followed by the server's name: a report of its agent.</summary>
    public const string Reports = "/v1/reports/";

    /// <summary>POST, followed by the server's name: a request of its operator.</summary>
    public const string Drains = "/v1/drains/";

    /// <summary>GET: the status of the director, as <see cref="Api.Status.DirectorStatus"/>.</summary>
    public const string Status = "/v1/status";

    /// <summary>POST of a <see cref="DoctorRequest"/>: a diagnosis, as <see cref="DoctorReport"/>.</summary>
    public const string Doctor = "/v1/doctor";

    /// <summary>GET with a <see cref="Api.Flows.FlowsRequest"/> as its query: tracked flows, as lines of
    /// <see cref="Api.Flows.FlowsLine"/>.</summary>
    public const string Flows = "/v1/flows";

    /// <summary>POST of a <see cref="Api.Captures.CaptureRequest"/>: captured frames, as lines of
    /// <see cref="Api.Captures.CaptureLine"/>, until the client closes the connection.</summary>
    public const string Capture = "/v1/capture";

    /// <summary>POST of a <see cref="Api.Plans.PlanRequest"/>: a plan, as <see cref="Api.Plans.PlanReport"/>.</summary>
    public const string Plan = "/v1/plan";

    /// <summary>POST of a <see cref="Api.Traces.TraceRequest"/>: a trace, as
    /// <see cref="Api.Traces.TraceReport"/>.</summary>
    public const string Trace = "/v1/trace";

    /// <summary>GET: the latest events of the daemon, as <see cref="Api.Events.EventsReport"/>.</summary>
    public const string Events = "/v1/events";

    /// <summary>GET: the latest revisions of the configuration, as
    /// <see cref="Api.Configurations.RevisionsReport"/>.</summary>
    public const string Revisions = "/v1/revisions";

    /// <summary>GET: metrics in the text format of Prometheus.</summary>
    public const string Metrics = "/metrics";

    /// <summary>How long the director holds a request for a spec until there is a new one (long polling).</summary>
    public static TimeSpan LongestPoll { get; } = TimeSpan.FromSeconds(30);

    /// <summary>The Content-Type of a stream: one JSON object per line.</summary>
    public const string JsonLines = "application/jsonl";

    /// <summary>Largest body of a request from this machine, bytes: a whole configuration.</summary>
    public const int LongestLocalBody = 1 << 26;

    /// <summary>Largest body of a request from another machine, bytes.</summary>
    public const int LongestBody = 1 << 18;
}
