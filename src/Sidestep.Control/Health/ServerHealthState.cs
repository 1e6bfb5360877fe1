namespace Sidestep.Control.Health;

/// <summary>What the checks of one server say together. Not safe for threads.</summary>
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

    /// <summary>Who.</summary>
    internal MonitoredServer Server { get; }

    /// <summary>All its checks.</summary>
    internal IReadOnlyList<CheckState> Checks { get; }

    /// <summary>When it became fit or unfit.</summary>
    internal DateTimeOffset? Since { get; set; }

    /// <summary>Good probes in a row that bring one of its checks up.</summary>
    internal int RiseOf(CheckState check) => Math.Max(check.Check.Monitor.Rise, Server.Pool.Admission.GoodProbes);

    /// <summary>The way that traffic takes: up when what one monitor asks by it is all up.</summary>
    internal HealthStatus DsrPath => StatusOf(_dsrPath);

    /// <summary>The server's own address, likewise.</summary>
    internal HealthStatus Service => StatusOf(_service);

    /// <summary>Whether it may have traffic. Whatever the pool says of its monitors, without the DSR path there is no service.</summary>
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
                : up >= needed && path is HealthStatus.Up or HealthStatus.NotChecked ? HealthStatus.Up : HealthStatus.Unknown;
        }
    }

    /// <summary>Why it is down: the newest error of a check that is.</summary>
    internal CheckState? FailingCheck => Checks.Where(static c => c.Status == HealthStatus.Down).MaxBy(static c => c.ErrorAt)
        ?? Checks.Where(static c => c.Error is not null).MaxBy(static c => c.ErrorAt);

    private static HealthStatus StatusOf(CheckState[] checks)
    {
        if (checks.Length == 0)
            return HealthStatus.NotChecked;
        var statuses = checks.GroupBy(static c => c.Check.Key.Monitor).Select(static g => Worst([.. g])).ToArray();
        return statuses.Contains(HealthStatus.Up) ? HealthStatus.Up : statuses.Contains(HealthStatus.Unknown) ? HealthStatus.Unknown : HealthStatus.Down;
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
