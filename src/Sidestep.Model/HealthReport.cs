using System.Collections.Immutable;
using System.Text.Json;

namespace Sidestep.Model;

/// <summary>What a director's daemon knows of the health of its real servers, in a file beside its <see cref="DaemonReport"/>: it
/// changes more often, and is larger.</summary>
public sealed record HealthReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>When it was written.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How the probes do.</summary>
    public required ProbeStats Probes { get; init; }

    /// <summary>The servers that are watched, by pool, way and name.</summary>
    public ImmutableArray<ServerHealthReport> Servers { get; init; } = [];

    /// <summary>Where the report of a director lies.</summary>
    public static string PathOf(DirectorSettings director) => Path.ChangeExtension(DaemonReport.PathOf(director), ".health.json");

    /// <summary>Replaces the report, so that a reader finds the old one or the new one.</summary>
    public void Write(DirectorSettings director) => AtomicFile.Write(PathOf(director), file => JsonSerializer.Serialize(file, this, Json));

    /// <summary>Reads the report; null when there is none, or none of this version.</summary>
    public static HealthReport? Read(DirectorSettings director)
    {
        try
        {
            using var file = File.OpenRead(PathOf(director));
            return JsonSerializer.Deserialize<HealthReport>(file, Json);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>How the probes of a director do. Times are milliseconds.</summary>
public sealed record ProbeStats
{
    /// <summary>Checks: a server, asked by a monitor for one VIP and port.</summary>
    public int Checks { get; init; }

    /// <summary>Probes that began since the daemon started.</summary>
    public long Started { get; init; }

    /// <summary>Probes under way.</summary>
    public int InFlight { get; init; }

    /// <summary>Turns that were left out because the director was too late.</summary>
    public long Skipped { get; init; }

    /// <summary>How late probes began, of the last half minute that is over, or of the first.</summary>
    public DurationStats Late { get; init; } = new();

    /// <summary>From the verdict that a server failed to tables without it.</summary>
    public DurationStats Removal { get; init; } = new();

    /// <summary>From the verdict that a server is fit to tables with it.</summary>
    public DurationStats Admission { get; init; } = new();
}

/// <summary>A distribution, in milliseconds.</summary>
/// <param name="Count">How many.</param>
/// <param name="Median">Half of them took no longer.</param>
/// <param name="P99">99 of 100 took no longer.</param>
/// <param name="Longest">The longest.</param>
public sealed record DurationStats(long Count = 0, double Median = 0, double P99 = 0, double Longest = 0);

/// <summary>The health of one server in one group.</summary>
public sealed record ServerHealthReport
{
    /// <summary>Name of the pool.</summary>
    public required string Pool { get; init; }

    /// <summary>How it is reached: <c>l2</c>, <c>ipip</c>.</summary>
    public required string Encap { get; init; }

    /// <summary>Name of the server.</summary>
    public required string Name { get; init; }

    /// <summary>Its own address.</summary>
    public required string Address { get; init; }

    /// <summary>It may have traffic.</summary>
    public bool Healthy { get; init; }

    /// <summary>Since when it may, or may not; null: as it was when the daemon started, or not known yet.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The way that traffic takes: up, down, unknown, or none when nobody looks.</summary>
    public required string DsrPath { get; init; }

    /// <summary>The server's own address, likewise.</summary>
    public required string Service { get; init; }

    /// <summary>The last error of a monitor, with its name and what it asked for; null when there was none.</summary>
    public string? Error { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? ErrorAt { get; init; }

    /// <summary>It is up, and waits for the report of its agent.</summary>
    public bool WaitsForAgent { get; init; }

    /// <summary>What passes by and does not look well, with how often and since when. Changes nothing by itself.</summary>
    public ImmutableArray<string> PassiveSignals { get; init; } = [];

    /// <summary>The longest datagram of a client that should fit, by the MTU of the egress interface; null: not known.</summary>
    public int? PathMtu { get; init; }

    /// <summary>The longest that was answered; null: not measured.</summary>
    public int? MeasuredPathMtu { get; init; }

    /// <summary>What is wrong with the MTU of the way; null: nothing, or it is not known.</summary>
    public string? MtuProblem { get; init; }

    /// <summary>Each of its checks.</summary>
    public ImmutableArray<HealthCheckReport> Checks { get; init; } = [];
}

/// <summary>One check of a server.</summary>
/// <param name="Monitor">Name of the monitor.</param>
/// <param name="Target">What the probe is addressed to: <c>203.0.113.10 80</c>.</param>
/// <param name="ProbePath">dsrPath or server.</param>
/// <param name="Status">up, down or unknown.</param>
/// <param name="Since">When that changed.</param>
/// <param name="Error">The last error.</param>
/// <param name="ErrorAt">When that was.</param>
public sealed record HealthCheckReport(string Monitor, string Target, string ProbePath, string Status, DateTimeOffset? Since, string? Error, DateTimeOffset? ErrorAt);
