namespace Sidestep.Api;

/// <summary>Where things are.</summary>
public static class ApiPaths
{
    /// <summary>Followed by the server's name: its duties.</summary>
    public const string Spec = "/v1/spec/";

    /// <summary>Followed by the server's name: takes its reports.</summary>
    public const string Reports = "/v1/reports/";

    /// <summary>Followed by the server's name: takes its operator's wish.</summary>
    public const string Drains = "/v1/drains/";

    /// <summary>The director's state.</summary>
    public const string Status = "/v1/status";

    /// <summary>Asks for a diagnosis.</summary>
    public const string Doctor = "/v1/doctor";

    /// <summary>The longest that a request for duties waits for new ones.</summary>
    public static TimeSpan LongestPoll { get; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest body of a request of this machine's own, bytes: a whole configuration.</summary>
    public const int LongestLocalBody = 1 << 26;

    /// <summary>The longest body of a request, bytes.</summary>
    public const int LongestBody = 1 << 18;
}
