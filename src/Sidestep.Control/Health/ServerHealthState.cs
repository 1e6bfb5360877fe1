using Sidestep.Api.Status;

namespace Sidestep.Control.Health;

/// <summary>The health of one server in one group, from its checks there. Not safe for threads.</summary>
/// <remarks>A check that was never up is unproven. It does not count against a server that has served: a port or a VIP
/// that is added to a running pool must not take down what works. A server that has never served must be up wherever
/// another server of its group is.</remarks>
internal sealed class ServerHealthState
{
    /// <summary>The checks of each monitor, by path.</summary>
    private readonly CheckSet[] _sets;

    internal ServerHealthState(MonitoredServer server, IReadOnlyList<CheckState> checks)
    {
        Server = server;
        Checks = checks;
        _sets =
        [
            .. checks.GroupBy(static c => (c.Check.Key.Monitor, c.Check.Key.ThroughDsrPath))
                .Select(static g => new CheckSet(g.Key.Monitor, g.Key.ThroughDsrPath, [.. g])),
        ];
    }

    /// <summary>The server and its group, as in the configuration.</summary>
    internal MonitoredServer Server { get; }

    /// <summary>The state of its checks in the group.</summary>
    internal IReadOnlyList<CheckState> Checks { get; }

    /// <summary>The health of the server for other services, which decides where no monitor suits the service of this
    /// group: it is up while one of them is. Empty: without checks, the server counts as up.</summary>
    internal IReadOnlyList<ServerHealthState> Others { get; private set; } = [];

    /// <summary>The health of the server for services that depends on this one.</summary>
    internal List<ServerHealthState> Dependents { get; } = [];

    /// <summary>When the server became healthy or unhealthy; null: its health is not known yet.</summary>
    internal DateTimeOffset? Since { get; set; }

    /// <summary>True if the server was healthy at any time since it is monitored: it may have flows.</summary>
    internal bool HasServed { get; set; }

    /// <summary>The path of traffic: up when all checks of one monitor along it are up, without those that do not
    /// count.</summary>
    internal HealthStatus DsrPath => Others.Count > 0 ? Best([.. Others.Select(static o => o.DsrPath)])
        : StatusOf(throughDsrPath: true);

    /// <summary>Status of the checks of the server's own address.</summary>
    internal HealthStatus Service => Others.Count > 0 ? Best([.. Others.Select(static o => o.Service)])
        : StatusOf(throughDsrPath: false);

    /// <summary>True while the application answers from the VIP, rightly or wrongly, at all targets where the check was
    /// up before; without checks of the DSR path, at the server's own address. Null: not known yet.</summary>
    internal bool? Responds
    {
        get
        {
            if (Others.Count > 0)
                return Others.Any(static o => o.Responds == true) ? true
                    : Others.Any(static o => o.Responds is null) ? null : false;
            var hasPath = _sets.Any(static s => s.ThroughDsrPath);
            var verified = Checks.Where(c => c.WasUp && c.Check.Key.ThroughDsrPath == hasPath).ToArray();
            return verified.Length == 0
                || verified.Any(static c => c is { Responds: false, Status: HealthStatus.Unknown })
                ? null : verified.All(static c => c.Responds);
        }
    }

    /// <summary>The status by the pool's number of monitors that must be up. While the DSR path is down, the server is
    /// down.</summary>
    internal HealthStatus Status
    {
        get
        {
            if (_sets.Length == 0)
                return Others.Count == 0 ? HealthStatus.Up : Best([.. Others.Select(static o => o.Status)]);
            var isVerified = IsVerified;
            var counted = _sets.Select(s => (s.Monitor, s.ThroughDsrPath, Status: StatusOf(s, isVerified)))
                .Where(static s => s.Status is not null).ToArray();
            var monitors = counted.GroupBy(static s => s.Monitor, static s => s.Status!.Value).Select(Worst).ToArray();
            var needed = Server.Pool.MinHealthyMonitors.Of(monitors.Length);
            var up = monitors.Count(static s => s == HealthStatus.Up);
            var unknown = monitors.Count(static s => s == HealthStatus.Unknown);
            var path = Best([.. counted.Where(static s => s.ThroughDsrPath).Select(static s => s.Status!.Value)]);
            return path == HealthStatus.Down || up + unknown < needed ? HealthStatus.Down
                : up >= needed && path is HealthStatus.Up or HealthStatus.NotChecked ? HealthStatus.Up
                : HealthStatus.Unknown;
        }
    }

    /// <summary>The check that explains why the server is down: of those that are down, the one with the newest error,
    /// verified ones first; else any with an error; null: none has one.</summary>
    internal CheckState? FailingCheck => Checks.Where(static c => c.Status == HealthStatus.Down)
        .OrderByDescending(static c => c.WasUp).ThenByDescending(static c => c.ErrorAt).FirstOrDefault()
        ?? Checks.Where(static c => c.Error is not null).MaxBy(static c => c.ErrorAt)
        ?? Others.Select(static o => o.FailingCheck).FirstOrDefault(static c => c is not null);

    /// <summary>Lets the health for other services decide.</summary>
    internal void DependOn(IReadOnlyList<ServerHealthState> others)
    {
        Others = others;
        foreach (var other in others)
            other.Dependents.Add(this);
    }

    /// <summary>True if a check is unproven: it was probed, and never up.</summary>
    internal static bool IsUnproven(CheckState check) => check is { WasUp: false, Status: HealthStatus.Down };

    /// <summary>True if some check was ever up. A server that has served under an earlier daemon may have none
    /// yet.</summary>
    private bool IsVerified => HasServed && Checks.Any(static c => c.WasUp);

    private HealthStatus StatusOf(bool throughDsrPath)
    {
        var isVerified = IsVerified;
        return Best([.. _sets.Where(s => s.ThroughDsrPath == throughDsrPath)
            .Select(s => StatusOf(s, isVerified) ?? Worst(s.Checks.Select(static c => c.Status)))]);
    }

    /// <summary>The status of the checks of one monitor along one path; null: none of them counts.</summary>
    private HealthStatus? StatusOf(CheckSet set, bool isVerified)
    {
        HealthStatus? worst = null;
        foreach (var check in set.Checks)
        {
            var counts = check.WasUp || (!HasServed && !check.Target.IsUnserved);
            if (!counts)
                continue;
            if (check.Status == HealthStatus.Down)
                return HealthStatus.Down;
            if (check.Status == HealthStatus.Unknown || worst is null)
                worst = check.Status;
        }
        // Where nothing is verified, all checks together say whether the server serves at all.
        return worst ?? (isVerified ? null
            : set.Checks.Any(static c => c.Status == HealthStatus.Unknown) ? HealthStatus.Unknown : HealthStatus.Down);
    }

    private static HealthStatus Worst(IEnumerable<HealthStatus> statuses)
    {
        var worst = HealthStatus.Up;
        foreach (var status in statuses)
        {
            if (status == HealthStatus.Down)
                return HealthStatus.Down;
            if (status == HealthStatus.Unknown)
                worst = HealthStatus.Unknown;
        }
        return worst;
    }

    private static HealthStatus Best(HealthStatus[] statuses) =>
        statuses.Length == 0 ? HealthStatus.NotChecked
        : statuses.Contains(HealthStatus.Up) ? HealthStatus.Up
        : statuses.Contains(HealthStatus.Unknown) ? HealthStatus.Unknown
        : HealthStatus.Down;

    private sealed record CheckSet(string Monitor, bool ThroughDsrPath, CheckState[] Checks);
}
