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

    /// <summary>How long the director holds a request for a spec until there is a new one (long polling).</summary>
    public static TimeSpan LongestPoll { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Largest body of a request from this machine, bytes: a whole configuration.</summary>
    public const int LongestLocalBody = 1 << 26;

    /// <summary>Largest body of a request from another machine, bytes.</summary>
    public const int LongestBody = 1 << 18;
}
