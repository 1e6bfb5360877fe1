using System.Collections.Immutable;
using Sidestep.Api.Status;
using Sidestep.Control.Health;
using Sidestep.Daemon.Engines;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.Daemon.Probes;

/// <summary>The health checks of real servers: schedule, probes and their routing, for one run of the
/// daemon.</summary>
internal sealed class HealthService : IDisposable
{
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    private readonly DirectorEngine _engine;
    private readonly LinkState _links = new(new NetlinkLinkQueries(), TimeProvider.System);
    private readonly DsrProbePath _path;
    private readonly IProbeFilter? _filter;
    private readonly ProbeRouting? _routing;
    private readonly ReplyRouting? _replies;
    private readonly IcmpErrorListener _icmpErrors;
    private readonly ProbeScheduler _scheduler;
    private readonly PathMtuMonitor _mtuMonitor;
    private readonly HealthLog _changes;
    private readonly HealthFile _file;
    private readonly Supervisor _supervisor;

    /// <summary>The content of the file.</summary>
    private SavedHealth _saved;

    /// <summary>Loads the filter and opens the sockets. No probe is sent yet.</summary>
    /// <param name="engine">The engine whose servers are checked.</param>
    /// <param name="identity">Name and pin path, which give the file of healthy servers its path.</param>
    /// <param name="agents">The reports of agents; null: none.</param>
    /// <param name="supervisor">Runs the loops, each by itself.</param>
    /// <param name="log">Receives changes and problems.</param>
    /// <exception cref="EngineException">The kernel refused the filter.</exception>
    internal HealthService(DirectorEngine engine, NodeSettings identity, IAgentReports? agents, Supervisor supervisor,
        ILogger log)
    {
        _supervisor = supervisor;
        _engine = engine;
        _path = new DsrProbePath(_links, TimeProvider.System);
        _changes = new HealthLog(log);
        _file = new HealthFile(DirectorFiles.HealthPath(identity), log.HealthFileProblem);
        _filter = engine.LoadProbeFilter();
        _routing = _filter is null ? null
            : new ProbeRouting(_filter, new NetlinkProbeRoutes(), log.ProbeRoutingProblem);
        _replies = _filter is null ? null : new ReplyRouting(new NetlinkReplyRoutes(), log.ProbeRoutingProblem);
        var saved = _file.Read();
        Tracker = new HealthTracker(TimeProvider.System, engine.ReadRunning(), saved, agents, _changes.Add);
        // A file of an earlier version has none.
        ImmutableArray<SavedPathMtu> pathMtus = saved is { PathMtus.IsDefault: false } ? saved.PathMtus : [];
        PathMtus = new PathMtus(pathMtus);
        _saved = (saved ?? new SavedHealth()) with { PathMtus = pathMtus };
        _scheduler = new ProbeScheduler(Tracker, _path, TimeProvider.System, Random.Shared,
            e => supervisor.Note("a probe", e));
        _mtuMonitor = new PathMtuMonitor(Tracker, PathMtus, _path, TimeProvider.System,
            e => supervisor.Note("a measurement of a path MTU", e));
        if (agents is not null)
            agents.PassiveSignalRaised += Tracker.RecordPassiveSignal;
        _icmpErrors = new IcmpErrorListener(Tracker.RecordPassiveSignal, _mtuMonitor.MeasureSoon, log.IcmpErrorProblem);
    }

    /// <summary>The health of all servers, for the control loop.</summary>
    internal HealthTracker Tracker { get; }

    /// <summary>The measured path MTUs, which the control loop applies.</summary>
    internal PathMtus PathMtus { get; }

    /// <summary>The health of all servers, for the status.</summary>
    internal HealthReport Report() => new()
    {
        At = DateTimeOffset.UtcNow,
        Probes = _scheduler.Figures(),
        Servers = Tracker.Report(),
    };

    /// <summary>Why probes cannot leave, or their replies are not accepted; empty: all is well.</summary>
    internal IReadOnlyList<string> Problems => [.. _routing?.Problems ?? [], .. _replies?.Problems ?? []];

    /// <summary>Restores what the kernel or another program has removed of the routing of probes, and tries again what
    /// failed.</summary>
    /// <returns>What was missing.</returns>
    internal IReadOnlyList<string> RestoreRouting() => [.. _routing?.Restore() ?? [], .. _replies?.Restore() ?? []];

    /// <summary>Takes over tables that have come into force.</summary>
    internal void Update(EffectiveConfiguration configuration, ForwardingTables tables)
    {
        var names = configuration.Desired.Node.Interfaces.Select(static i => i.Name).ToHashSet();
        _path.Update(tables, _engine.IdOf);
        EgressInterface[] interfaces = [.. tables.Interfaces.Where(i => names.Contains(i.Name))];
        _routing?.Update(interfaces);
        _replies?.Update(interfaces, tables.Vips.Select(static v => v.Address));
    }

    /// <summary>Probes servers, and saves which are healthy, until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        _supervisor.RunAsync("schedule of probes", _scheduler.RunAsync, cancellation),
        _supervisor.RunAsync("path MTU monitor", _mtuMonitor.RunAsync, cancellation),
        _icmpErrors.RunAsync(_supervisor, cancellation),
        _supervisor.RunAsync("file of healthy servers", SaveAsync, cancellation));

    /// <summary>Removes the routing of probes, and the file.</summary>
    internal void Remove()
    {
        _routing?.Remove();
        _replies?.Remove();
        _file.Delete();
    }

    public void Dispose()
    {
        _icmpErrors.Dispose();
        _scheduler.Dispose();
        _links.Dispose();
        _routing?.Dispose();
        _replies?.Dispose();
        _filter?.Dispose();
    }

    private async Task SaveAsync(CancellationToken cancellation)
    {
        try
        {
            await Periodically.RunAsync(SaveInterval, TimeProvider.System, Save, cancellation).ConfigureAwait(false);
        }
        finally
        {
            Save(); // what the last interval has changed
        }
    }

    private void Save()
    {
        var (health, pathMtus) = (Tracker.SaveIfChanged(), PathMtus.SaveIfChanged());
        if (health is not null || pathMtus is not null)
        {
            _saved = (health ?? _saved) with { PathMtus = pathMtus ?? _saved.PathMtus };
            _file.Write(_saved);
        }
        _changes.EndInterval();
    }
}
