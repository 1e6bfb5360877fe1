using Sidestep.Control.Health;
using Sidestep.Daemon.Engines;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>The health checks of real servers: schedule, probes, their routing and the report, for one run of the
/// daemon.</summary>
internal sealed class HealthService : IDisposable
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly DirectorEngine _engine;
    private readonly DirectorSettings _identity;
    private readonly DsrProbePath _path = new();
    private readonly IProbeFilter? _filter;
    private readonly ProbeRouting? _routing;
    private readonly IcmpErrorListener _icmpErrors;
    private readonly ProbeScheduler _scheduler;
    private readonly PathMtuMonitor _mtuMonitor;
    private readonly HealthLog _changes;
    private readonly HealthReportWriter _reports;

    /// <summary>Loads the filter and opens the sockets. No probe is sent yet.</summary>
    /// <param name="engine">The engine whose servers are checked.</param>
    /// <param name="identity">Name and pin path, which give the report its path.</param>
    /// <param name="agents">The reports of agents; null: none.</param>
    /// <param name="log">Receives changes and problems.</param>
    /// <exception cref="EngineException">The kernel refused the filter.</exception>
    internal HealthService(DirectorEngine engine, DirectorSettings identity, IAgentReports? agents, ILogger log)
    {
        _engine = engine;
        _identity = identity;
        _changes = new HealthLog(log);
        _filter = engine.LoadProbeFilter();
        _routing = _filter is null ? null
            : new ProbeRouting(_filter, new NetlinkProbeRoutes(), log.ProbeRoutingProblem);
        Tracker = new HealthTracker(
            TimeProvider.System, engine.ReadRunning(), HealthReport.Read(identity), agents, _changes.Add);
        _scheduler = new ProbeScheduler(Tracker, _path, TimeProvider.System, Random.Shared);
        _mtuMonitor = new PathMtuMonitor(Tracker, _path, TimeProvider.System);
        _reports = new HealthReportWriter(
            Tracker.ReportIfChanged, _scheduler.Figures, r => r.Write(identity), log, TimeProvider.System);
        if (agents is not null)
            agents.PassiveSignalRaised += Tracker.RecordPassiveSignal;
        _icmpErrors = new IcmpErrorListener(Tracker.RecordPassiveSignal, log.IcmpErrorProblem);
    }

    /// <summary>The health of all servers, for the control loop.</summary>
    internal HealthTracker Tracker { get; }

    /// <summary>Why probes cannot leave; empty: they can.</summary>
    internal IReadOnlyList<string> Problems => _routing?.Problems ?? [];

    /// <summary>Takes over tables that have come into force.</summary>
    internal void Update(EffectiveConfiguration configuration, ForwardingTables tables)
    {
        var names = configuration.Desired.Director.Interfaces.Select(static i => i.Name).ToHashSet();
        _path.Update(tables, _engine.IdOf);
        _routing?.Update([.. tables.Interfaces.Where(i => names.Contains(i.Name))]);
    }

    /// <summary>Probes servers and writes the report periodically, until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        _scheduler.RunAsync(cancellation), _mtuMonitor.RunAsync(cancellation), _icmpErrors.RunAsync(cancellation),
        Periodically.RunAsync(ReportInterval, TimeProvider.System, WriteReport, cancellation));

    /// <summary>Removes the routing of probes, and the report.</summary>
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

    private void WriteReport()
    {
        _reports.Write();
        _changes.EndInterval();
    }
}
