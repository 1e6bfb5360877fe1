using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Serialization;

namespace Sidestep.Api.Status;

/// <summary>The health of a director's real servers.</summary>
public sealed record HealthReport
{
    /// <summary>When the daemon made the report.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Statistics of the probes.</summary>
    public required ProbeStats Probes { get; init; }

    /// <summary>The monitored servers, sorted by pool, encapsulation, service and name.</summary>
    public ImmutableArray<ServerHealthReport> Servers { get; init; } = [];
}

/// <summary>Statistics of a director's probes. Times are milliseconds.</summary>
public sealed record ProbeStats
{
    /// <summary>Number of checks. A check is one monitor that probes one VIP and port on one server.</summary>
    public int Checks { get; init; }

    /// <summary>Probes that started since the daemon started.</summary>
    public long Started { get; init; }

    /// <summary>Probes that have started and not ended.</summary>
    public int InFlight { get; init; }

    /// <summary>Probes that the director skipped because it was late.</summary>
    public long Skipped { get; init; }

    /// <summary>How late probes started, in the last complete half minute, or in the first.</summary>
    public DurationStats Late { get; init; } = new();

    /// <summary>From the result that marks a server down to tables without it.</summary>
    public DurationStats Removal { get; init; } = new();

    /// <summary>From the result that marks a server up to tables with it.</summary>
    public DurationStats Admission { get; init; } = new();
}

/// <summary>A distribution of durations, in milliseconds.</summary>
/// <param name="Count">How many durations.</param>
/// <param name="Median">Half of them are at most this.</param>
/// <param name="P99">99 of 100 are at most this.</param>
/// <param name="Longest">The longest.</param>
public sealed record DurationStats(long Count = 0, double Median = 0, double P99 = 0, double Longest = 0);

/// <summary>The health of one server in one pool, for one of its services or for all.</summary>
public sealed record ServerHealthReport
{
    /// <summary>Name of the pool in the configuration; with <see cref="Encap"/> and <see cref="OfService"/>, it
    /// identifies the <see cref="PoolStatus"/>.</summary>
    public required string Pool { get; init; }

    /// <summary>How packets reach the server: <c>l2</c>, <c>ipip</c>.</summary>
    public required string Encap { get; init; }

    /// <summary>The service whose checks judge the server; null: all services of the pool.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? OfService { get; init; }

    /// <summary>Name of the server in the configuration, unique within its pool.</summary>
    public required string Name { get; init; }

    /// <summary>The server's own address.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>True: the server may get traffic.</summary>
    public bool Healthy { get; init; }

    /// <summary>When <see cref="Healthy"/> changed; null: not since the daemon started, or not known yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Since { get; init; }

    /// <summary>Status of the DSR path.</summary>
    public required HealthStatus DsrPath { get; init; }

    /// <summary>Status of the service at the server's own address.</summary>
    public required HealthStatus Service { get; init; }

    /// <summary>The last error of a monitor, with the monitor's name and its target; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Error { get; init; }

    /// <summary>When that error occurred; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? ErrorAt { get; init; }

    /// <summary>True: its monitors are up, and it waits for its agent to report it healthy.</summary>
    public bool WaitsForAgent { get; init; }

    /// <summary>True: it gets new flows although it is unhealthy, because its group is in panic mode and it still
    /// answers.</summary>
    public bool ServesInPanic { get; init; }

    /// <summary>Observations in the traffic itself, with their number and their start, one line each. They do not
    /// change the health.</summary>
    public ImmutableArray<string> PassiveSignals { get; init; } = [];

    /// <summary>The longest datagram of a client that should fit, by the MTU of the route to the server, bytes; null:
    /// not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? PathMtu { get; init; }

    /// <summary>The longest datagram that arrives, as measured, bytes; null: not measured. If it is smaller than
    /// <see cref="PathMtu"/> and 576 or more, clients are told, and agents clamp the MSS to it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? MeasuredPathMtu { get; init; }

    /// <summary>The fault of the path MTU; null: none, or it is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? MtuProblem { get; init; }

    /// <summary>Each check of the server.</summary>
    public ImmutableArray<HealthCheckReport> Checks { get; init; } = [];
}

/// <summary>The status of one check: a monitor applied to one target.</summary>
public sealed record HealthCheckReport
{
    /// <summary>Name of the monitor.</summary>
    public required string Monitor { get; init; }

    /// <summary>Destination of the probe, such as <c>203.0.113.10 80</c>.</summary>
    public required string Target { get; init; }

    /// <summary><c>dsr-path</c> or <c>server</c>.</summary>
    public required string ProbePath { get; init; }

    /// <summary>Never <see cref="HealthStatus.NotChecked"/>.</summary>
    public required HealthStatus Status { get; init; }

    /// <summary>True: the check was never up, so it does not count against a server that has served.</summary>
    public bool Unproven { get; init; }

    /// <summary>True: the application answers there, as expected or not. False: there is no answer, or a
    /// refusal.</summary>
    public bool Responds { get; init; }

    /// <summary>When the status changed; null: never.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Since { get; init; }

    /// <summary>The last error; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Error { get; init; }

    /// <summary>When that error occurred; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? ErrorAt { get; init; }
}
