using Sidestep.Model.Objects;

namespace Sidestep.Api;

/// <summary>Paths and limits of the API.</summary>
public static class ApiPaths
{
    /// <summary>GET, followed by the server's name: its spec.</summary>
    public const string Spec = "/api/v1/specs/";

    /// <summary>POST, followed by the server's name: a report of its agent.</summary>
    public const string Reports = "/api/v1/reports/";

    /// <summary>POST, followed by the server's name: a request of its operator.</summary>
    public const string Drains = "/api/v1/drains/";

    /// <summary>GET: the status of the director, as <see cref="Api.Status.DirectorStatus"/>.</summary>
    public const string Status = "/api/v1/status";

    /// <summary>POST of a <see cref="DoctorRequest"/>: a diagnosis, as <see cref="DoctorReport"/>.</summary>
    public const string Doctor = "/api/v1/diagnoses";

    /// <summary>GET with a <see cref="Api.Flows.FlowsRequest"/> as its query: tracked flows, as lines of
    /// <see cref="Api.Flows.FlowsLine"/>.</summary>
    public const string Flows = "/api/v1/flows";

    /// <summary>POST of a <see cref="Api.Captures.CaptureRequest"/>: captured frames, as lines of
    /// <see cref="Api.Captures.CaptureLine"/>, until the client closes the connection.</summary>
    public const string Capture = "/api/v1/captures";

    /// <summary>POST of a <see cref="Api.Plans.PlanRequest"/>: a plan, as <see cref="Api.Plans.PlanReport"/>.</summary>
    public const string Plan = "/api/v1/plans";

    /// <summary>POST of a <see cref="Api.Traces.TraceRequest"/>: a trace, as
    /// <see cref="Api.Traces.TraceReport"/>.</summary>
    public const string Trace = "/api/v1/decisions";

    /// <summary>GET: the latest events of the daemon, as <see cref="Api.Events.EventsReport"/>.</summary>
    public const string Events = "/api/v1/events";

    /// <summary>GET: the latest revisions of the configuration, as
    /// <see cref="Api.Configurations.RevisionsReport"/>.</summary>
    public const string Revisions = "/api/v1/revisions";

    /// <summary>GET, PUT and PATCH: the whole configuration.</summary>
    public const string Configuration = "/api/v1/configuration";

    /// <summary>GET, PUT and PATCH: the settings of this director.</summary>
    public const string Node = "/api/v1/node";

    /// <summary>GET, PUT and PATCH: the settings that the directors of a group share.</summary>
    public const string Group = "/api/v1/group";

    /// <summary>The path of the objects of a kind; followed by a slash and a name, the path of one of them.</summary>
    public static string ObjectsOf(ObjectKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return $"/api/v1/{kind.Plural}";
    }

    /// <summary>The path of an object.</summary>
    public static string Of(ObjectPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string owner = path.Owner is null ? ObjectsOf(path.Kind) : $"{Of(path.Owner)}/{path.Kind.Plural}";
        return $"{owner}/{Uri.EscapeDataString(path.Name)}";
    }

    /// <summary>GET: who sends the request, as <see cref="Api.Access.SessionRecord"/>.</summary>
    public const string Session = "/api/v1/session";

    /// <summary>POST of a <see cref="Api.Access.LoginRequest"/>: a token, as
    /// <see cref="Api.Access.IssuedToken"/>.</summary>
    public const string Login = "/api/v1/login";

    /// <summary>POST: revokes the token of the request.</summary>
    public const string Logout = "/api/v1/logout";

    /// <summary>GET: the users; followed by a slash and a name, PUT and DELETE: one of them.</summary>
    public const string Users = "/api/v1/users";

    /// <summary>GET and POST: the tokens; followed by a slash and a name, DELETE: one of them.</summary>
    public const string Tokens = "/api/v1/tokens";

    /// <summary>GET: the overrides of real servers, as <see cref="Api.ServerOverrides.OverrideList"/>.</summary>
    public const string Overrides = "/api/v1/overrides";

    /// <summary>What follows the path of a real server: GET, PUT and DELETE of its override.</summary>
    public const string Override = "/override";

    /// <summary>GET: the directors, as <see cref="Api.Status.DirectorList"/>.</summary>
    public const string Directors = "/api/v1/directors";

    /// <summary>GET: the agents, as <see cref="Api.Status.AgentList"/>; followed by a slash and the server's name: one
    /// of them.</summary>
    public const string Agents = "/api/v1/agents";

    /// <summary>POST of an <see cref="Api.Access.EnrolmentRequest"/>, by an invited agent: its certificate, as
    /// <see cref="Api.Access.IssuedCertificate"/>.</summary>
    public const string Enrolments = "/api/v1/enrolments";

    /// <summary>POST of a <see cref="Api.Access.CertificateOrder"/>, followed by the server's name: a new certificate
    /// of its agent, as <see cref="Api.Access.IssuedCertificate"/>.</summary>
    public const string Certificates = "/api/v1/certificates/";

    /// <summary>GET with the parameter <c>topics</c>: server-sent events; see
    /// <see cref="Streams.StreamTopics"/>.</summary>
    public const string Stream = "/api/v1/stream";

    /// <summary>GET: the OpenAPI document of this API.</summary>
    public const string OpenApi = "/api/v1/openapi.json";

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
