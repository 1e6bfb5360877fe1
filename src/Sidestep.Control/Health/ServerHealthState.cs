using Sidestep.Api.Status;

namespace Sidestep.Control.Health;

/// <summary>The health of one server, from all its checks. Not safe for threads.</summary>
internal sealed class ServerHealthState
{
    private readonly CheckState[][] _byMonitor;
    private readonly CheckState[] _dsrPath;
    private readonly CheckState[] _service;

    internal ServerHealthState(MonitoredServer server, IReadOnlyList<CheckState> checks)
    {
        Server = server;
        Checks = checks;
        _byMonitor = [.. checks.GroupBy(static c => c.Check.Key.Monitor).Select(static g => g.ToArray())];
        _dsrPath = [.. checks.Where(static c => c.Check.Key.ThroughDsrPath)];
        _service = [.. checks.Where(static c => !c.Check.Key.ThroughDsrPath)];
    }

    /// <summary>The server and its group, as in the configuration.</summary>
    internal MonitoredServer Server { get; }

    /// <summary>The state of all its checks; empty: the server counts as up.</summary>
    internal IReadOnlyList<CheckState> Checks { get; }

    /// <summary>When the server became healthy or unhealthy; null: its health is not known yet.</summary>
    internal DateTimeOffset? Since { get; set; }

    /// <summary>The path of traffic: up when all checks of one monitor along it are up.</summary>
    internal HealthStatus DsrPath => StatusOf(_dsrPath);

    /// <summary>Status of the checks of the server's own address.</summary>
    internal HealthStatus Service => StatusOf(_service);

    /// <summary>The status by the pool's number of monitors that must be up. While the DSR path is down, the server is
    /// down.</summary>
    internal HealthStatus Status
    {
        get
        {
            if (_byMonitor.Length == 0)
                return HealthStatus.Up;
            int up = 0, unknown = 0, needed = Server.Pool.MinHealthyMonitors.Of(_byMonitor.Length);
            foreach (var checks in _byMonitor)
            {
                var status = Worst(checks);
                up += status == HealthStatus.Up ? 1 : 0;
                unknown += status == HealthStatus.Unknown ? 1 : 0;
            }
            var path = DsrPath;
            return path == HealthStatus.Down || up + unknown < needed ? HealthStatus.Down
                : up >= needed && path is HealthStatus.Up or HealthStatus.NotChecked ? HealthStatus.Up
                : HealthStatus.Unknown;
        }
    }

    /// <summary>The check that explains why the server is down: of those that are down, the one with the newest error;
    /// else any with an error; null: none has one.</summary>
    internal CheckState? FailingCheck => Checks.Where(static c => c.Status == HealthStatus.Down)
        .MaxBy(static c => c.ErrorAt)
        ?? Checks.Where(static c => c.Error is not null).MaxBy(static c => c.ErrorAt);

    private static HealthStatus StatusOf(CheckState[] checks)
    {
        if (checks.Length == 0)
            return HealthStatus.NotChecked;
        var statuses = checks.GroupBy(static c => c.Check.Key.Monitor).Select(static g => Worst([.. g])).ToArray();
        return statuses.Contains(HealthStatus.Up) ? HealthStatus.Up
            : statuses.Contains(HealthStatus.Unknown) ? HealthStatus.Unknown
            : HealthStatus.Down;
    }

    private static HealthStatus Worst(CheckState[] checks)
    {
        var any = HealthStatus.Up;
        foreach (var check in checks)
        {
            if (check.Status == HealthStatus.Down)
                return HealthStatus.Down;
            if (check.Status == HealthStatus.Unknown)
                any = HealthStatus.Unknown;
        }
        return any;
    }
}
