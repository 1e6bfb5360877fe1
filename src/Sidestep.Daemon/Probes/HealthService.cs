using System.Globalization;
using Sidestep.Control.Health;
using Sidestep.Daemon.Engines;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>Puts together what watches real servers, for one run of the daemon.</summary>
internal sealed class HealthService : IDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    /// <summary>Changes that are logged one by one in the time between two reports; of more, their number.</summary>
    private const int MaxLines = 20;

    private readonly Lock _gate = new();
    private readonly DirectorEngine _engine;
    private readonly DirectorSettings _identity;
    private readonly DsrProbePath _path = new();
    private readonly ProbeFilter? _filter;
    private readonly ProbeRouting? _routing;
    private readonly IcmpErrorListener _icmpErrors;
    private readonly ProbeScheduler _scheduler;
    private readonly PathMtuMonitor _mtuMonitor;
    private HealthReport? _report;
    private int _lines;

    /// <summary>Loads and opens what it needs; nothing is probed yet.</summary>
    /// <param name="engine">Whose servers.</param>
    /// <param name="identity">Name and pin path name the report.</param>
    /// <param name="agents">What agents say of their servers; null: nobody listens to them.</param>
    /// <exception cref="EngineException">The kernel refused the program for probes.</exception>
    internal HealthService(DirectorEngine engine, DirectorSettings identity, IAgentReports? agents)
    {
        _engine = engine;
        _identity = identity;
        _filter = engine.LoadProbeFilter();
        _routing = _filter is null ? null : new ProbeRouting(_filter, Log.Warning);
        Tracker = new HealthTracker(TimeProvider.System, engine.ReadRunning(), HealthReport.Read(identity), agents, LogChange);
        _scheduler = new ProbeScheduler(Tracker, _path, TimeProvider.System, Random.Shared);
        _mtuMonitor = new PathMtuMonitor(Tracker, _path, TimeProvider.System);
        if (agents is not null)
            agents.PassiveSignalRaised += Tracker.RecordPassiveSignal;
        _icmpErrors = new IcmpErrorListener(Tracker.RecordPassiveSignal, Log.Warning);
    }

    /// <summary>Who is fit: for the loop.</summary>
    internal HealthTracker Tracker { get; }

    /// <summary>What keeps probes from leaving.</summary>
    internal IReadOnlyList<string> Problems => _routing?.Problems ?? [];

    /// <summary>Packets are forwarded by these tables now.</summary>
    internal void Update(EffectiveConfiguration configuration, ForwardingTables tables)
    {
        var names = configuration.Desired.Director.Interfaces.Select(static i => i.Name).ToHashSet();
        _path.Update(tables, _engine.IdOf);
        _routing?.Update([.. tables.Interfaces.Where(i => names.Contains(i.Name))]);
    }

    /// <summary>Runs until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(_scheduler.RunAsync(cancellation), _mtuMonitor.RunAsync(cancellation), _icmpErrors.RunAsync(cancellation), WriteReportsAsync(cancellation));

    /// <summary>Takes back what led probes to servers, and the report.</summary>
    internal void Remove()
    {
        _routing?.Remove();
        File.Delete(HealthReport.PathOf(_identity));
    }

    public void Dispose()
    {
        _icmpErrors.Dispose();
        _scheduler.Dispose();
        _routing?.Dispose();
        _filter?.Dispose();
    }

    private void LogChange(HealthChange change)
    {
        lock (_gate)
        {
            if (++_lines > MaxLines)
                return;
        }
        var serverText = $"{change.Server.Name} ({change.Server.Address}) of {change.Group}";
        if (change.IsHealthy)
            Log.Info($"{serverText}: marked up");
        else
            Log.Warning($"{serverText}: marked down: {change.Reason}");
    }

    private async Task WriteReportsAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(ReportInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                WriteReport();
                lock (_gate)
                {
                    if (_lines > MaxLines)
                        Log.Warning(string.Create(CultureInfo.InvariantCulture, $"{_lines - MaxLines} more servers were marked up or down: sidestep status lists all"));
                    _lines = 0;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    /// <summary>Servers are written when something changed, figures every time: they are small, and a file of many servers is not.</summary>
    private void WriteReport()
    {
        var servers = Tracker.ReportIfChanged();
        var report = new HealthReport { At = DateTimeOffset.UtcNow, Probes = _scheduler.Figures(), Servers = servers ?? _report?.Servers ?? [] };
        if (servers is null && _report is not null && report.Servers.Length > 0 && report.At - _report.At < TimeSpan.FromSeconds(5))
            return;
        _report = report;
        try
        {
            report.Write(_identity);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Warning($"health report not written: {e.Message}");
        }
    }
}
