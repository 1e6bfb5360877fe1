namespace Sidestep.Control.Health;

/// <summary>What the checks of one server say together. Not safe for threads.</summary>
internal sealed class ServerVerdict
{
    private readonly CheckState[][] _byMonitor;
    private readonly CheckState[] _dsrPath;
    private readonly CheckState[] _service;

    internal ServerVerdict(WatchedServer server, IReadOnlyList<CheckState> checks)
    {
        Server = server;
        Checks = checks;
        _byMonitor = [.. checks.GroupBy(static c => c.Check.Key.Monitor).Select(static g => g.ToArray())];
        _dsrPath = [.. checks.Where(static c => c.Check.Key.ThroughDsrPath)];
        _service = [.. checks.Where(static c => !c.Check.Key.ThroughDsrPath)];
    }

    /// <summary>Who.</summary>
    internal WatchedServer Server { get; }

    /// <summary>All its checks.</summary>
    internal IReadOnlyList<CheckState> Checks { get; }

    /// <summary>When it became fit or unfit.</summary>
    internal DateTimeOffset? Since { get; set; }

    /// <summary>Good probes in a row that bring one of its checks up.</summary>
    internal int RiseOf(CheckState check) => Math.Max(check.Check.Monitor.Rise, Server.Pool.Admission.GoodProbes);

    /// <summary>The way that traffic takes: up when what one monitor asks by it is all up.</summary>
    internal Light DsrPath => LightOf(_dsrPath);

    /// <summary>The server's own address, likewise.</summary>
    internal Light Service => LightOf(_service);

    /// <summary>Whether it may have traffic. Whatever the pool says of its monitors, without the DSR path there is no service.</summary>
    internal Light Verdict
    {
        get
        {
            if (_byMonitor.Length == 0)
                return Light.Up;
            int up = 0, unknown = 0, needed = Server.Pool.Healthy.Of(_byMonitor.Length);
            foreach (var checks in _byMonitor)
            {
                var light = All(checks);
                up += light == Light.Up ? 1 : 0;
                unknown += light == Light.Unknown ? 1 : 0;
            }
            var path = DsrPath;
            return path == Light.Down || up + unknown < needed ? Light.Down
                : up >= needed && path is Light.Up or Light.None ? Light.Up : Light.Unknown;
        }
    }

    /// <summary>Why it is down: the newest error of a check that is.</summary>
    internal CheckState? Culprit => Checks.Where(static c => c.Verdict == Light.Down).MaxBy(static c => c.ErrorAt)
        ?? Checks.Where(static c => c.Error is not null).MaxBy(static c => c.ErrorAt);

    private static Light LightOf(CheckState[] checks)
    {
        if (checks.Length == 0)
            return Light.None;
        var lights = checks.GroupBy(static c => c.Check.Key.Monitor).Select(static g => All([.. g])).ToArray();
        return lights.Contains(Light.Up) ? Light.Up : lights.Contains(Light.Unknown) ? Light.Unknown : Light.Down;
    }

    private static Light All(CheckState[] checks)
    {
        var any = Light.Up;
        foreach (var check in checks)
        {
            if (check.Verdict == Light.Down)
                return Light.Down;
            if (check.Verdict == Light.Unknown)
                any = Light.Unknown;
        }
        return any;
    }
}
