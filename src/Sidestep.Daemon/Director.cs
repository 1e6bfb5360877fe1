using System.Collections.Immutable;
using System.Net.Sockets;
using Sidestep.Control;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Multicast;
using Sidestep.Daemon.NextHops;
using Sidestep.Daemon.Probes;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>One run of the daemon: connects the parts, from the start to the signal that ends it.</summary>
/// <param name="file">The configuration file.</param>
/// <param name="first">The configuration at the start.</param>
/// <param name="log">Receives events and problems.</param>
internal sealed class Director(ConfigurationFile file, Configuration first, Log log) : IControlObserver
{
    /// <summary>How long the start waits for next hops; adopted tables forward meanwhile.</summary>
    private static readonly TimeSpan NextHopTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ConnectionCountInterval = TimeSpan.FromSeconds(1);

    private readonly DirectorSettings _identity = first.Director;
    private readonly StatusReporter _status = new(new DaemonReport
    {
        ProcessId = Environment.ProcessId,
        IsStarting = true,
        Started = DateTimeOffset.UtcNow,
        ConfigurationFile = file.Path,
    }, r => r.Write(first.Director), log);

    private ExitAction _onExit = first.Director.OnExit;
    private DirectorEngine? _engine;
    private SolicitedNodeMulticast? _multicast;
    private HealthService? _health;
    private Management? _management;

    /// <summary>The newest valid configuration of the file, without drains that agents request.</summary>
    private Configuration? _fileConfiguration;

    /// <summary>Runs the director until cancelled: starts the engine, applies the configuration and its
    /// changes.</summary>
    /// <exception cref="EngineException">The daemon could not start; the message says what to do.</exception>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        var selection = EngineSelector.Select(first.Director, InterfaceCapabilitiesReader.Read, XdpEngine.CheckMachine);
        using var lockFile = await DirectorLock.AcquireAsync(DaemonReport.LockPath(_identity), _identity.Name,
            () => DaemonReport.Read(_identity)?.ProcessId, TimeProvider.System).ConfigureAwait(false);
        // This report replaces that of the previous run, except for the multicast addresses that are still to be
        // removed.
        _status.Change(r => r with { MulticastMacs = DaemonReport.Read(_identity)?.MulticastMacs ?? [] });
        using var engine = EngineSelector.Open(first.Director, selection, log);
        _engine = engine;
        foreach (var note in engine.Notes)
            log.Info(note);
        using var multicast = new SolicitedNodeMulticast(_status.Current.MulticastMacs, SaveMulticastMacs, log.Warning,
            new KernelMulticastMacs(), static () => new MembershipSocket());
        _multicast = multicast;
        _status.Change(r =>
            r with { Engine = engine.Kind, Notes = [.. engine.Notes], MulticastMacs = multicast.AddedMacs });

        using var management = new Management(_identity, engine.HandleRequest,
            p => _status.SetProblems(ProblemSource.Management, [.. p]), alarms =>
            _status.Change(r => r with { Alarms = alarms }), log);
        _management = management;
        using var nextHops = new NetlinkNextHopResolver(log.Warning);
        nextHops.Watch([.. first.Director.Interfaces.Select(static i => i.Name)],
            first.Pools.SelectMany(static p => p.Servers).Select(static s => s.Address).ToHashSet());
        nextHops.WatchPeers(first.Director.Peers);
        nextHops.WaitUntilResolved(NextHopTimeout, cancellation);
        if (EngineSelector.RejectionReason(engine, first) is { } rejection)
            throw new EngineException(rejection);
        using var health = new HealthService(engine, _identity, management.Agents, log);
        _health = health;
        if (cancellation.IsCancellationRequested)
        {
            ShutDown(engine);
            return;
        }
        var loop = new ControlLoop(engine, nextHops, management.Drains.ApplyTo(first), this, TimeProvider.System,
            health.Tracker);
        loop.Start();
        management.Drains.Changed += () => loop.Post(management.Drains.ApplyTo(_fileConfiguration ?? first));
        using var punt = OpenPunt();
        log.Info($"forwarding; configuration {file.Path}");

        await RunAllAsync(loop, engine, cancellation).ConfigureAwait(false);
        ShutDown(engine);
    }

    /// <summary>Runs all tasks. When one ends before it is cancelled, the others end too: a daemon without one of them
    /// would look complete.</summary>
    private async Task RunAllAsync(ControlLoop loop, DirectorEngine engine, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] all =
        [
            loop.RunAsync(stop.Token),
            WatchFileAsync(loop, stop.Token),
            Periodically.RunAsync(ConnectionCountInterval, TimeProvider.System, () =>
                CountConnections(engine), stop.Token),
            _health!.RunAsync(stop.Token),
            _management!.RunAsync(stop.Token),
        ];
        await Task.WhenAny(all).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(all).ConfigureAwait(false);
    }

    private static void CountConnections(DirectorEngine engine)
    {
        if (engine.ComparesConnections)
            engine.CountConnections();
    }

    public void Applied(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops,
        bool isNewest)
    {
        _onExit = configuration.Desired.Director.OnExit;
        UpdateMulticast(configuration.Desired, tables);
        _management!.Applied(configuration, tables, nextHops);
        _health!.Update(configuration, tables);
        var (unresolved, problems) = _status.Applied(nextHops, isNewest, new Dictionary<ProblemSource,
            ImmutableArray<string>>
        {
            [ProblemSource.Peers] = ApplyText.PeerProblems(nextHops),
            [ProblemSource.Retained] = RetainedText.Of(configuration),
            [ProblemSource.Multicast] = _multicast!.Problems,
            [ProblemSource.Health] = [.. _health.Problems],
        });
        // Multicast and health have logged theirs.
        foreach (var problem in problems.Except(_multicast.Problems).Except(_health.Problems))
            log.Warning(problem);
        foreach (var server in unresolved)
            log.Warning($"no next hop, server takes no traffic: {server}");
        log.Info(ApplyText.Summary(tables));
    }

    public void Attached(IReadOnlyList<AttachedInterface> interfaces)
    {
        _management!.Attached(interfaces);
        foreach (var attached in interfaces)
        {
            log.Info($"attached to {attached.Name} ({attached.Driver?.Name()})");
            if (AttachedInterfaceText.FallbackNote(attached, InterfaceCapabilitiesReader.Read) is not { } note)
                continue;
            log.Warning(note);
            _status.Change(r => r with { Notes = r.Notes.Remove(note).Add(note) });
        }
    }

    public void Failed(string reason)
    {
        log.Error($"keeping the previous configuration: {reason}");
        _status.SetApplyError(reason);
    }

    private void UpdateMulticast(Configuration configuration, ForwardingTables tables)
    {
        var names = configuration.Director.Interfaces.Select(static i => i.Name).ToHashSet();
        try
        {
            _multicast!.Update(tables.Interfaces.Where(i => names.Contains(i.Name)), tables.Vips
                .Where(static v => v.RespondsToArp
                && v.Address.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6)
                .Select(static v => v.Address.BaseAddress));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warning($"multicast addresses of IPv6 VIPs not updated: {e.Message}");
        }
    }

    private void SaveMulticastMacs(ImmutableArray<string> macs) => _status.Change(r => r with { MulticastMacs = macs });

    /// <summary>Starts to fragment punted packets; null: the engine does it, or it is not possible.</summary>
    private IDisposable? OpenPunt()
    {
        try
        {
            return _engine!.OpenPunt();
        }
        catch (NativeException e)
        {
            var problem = $"oversized packets are not fragmented: {e.Message}";
            log.Warning(problem);
            _status.SetProblems(ProblemSource.Punt, [problem]);
            return null;
        }
    }

    private async Task WatchFileAsync(ControlLoop loop, CancellationToken cancellation)
    {
        var reload = new ConfigurationReload(file.Store, _identity, c =>
            EngineSelector.RejectionReason(_engine!, c), configuration =>
        {
            _fileConfiguration = configuration;
            loop.Post(_management!.Drains.ApplyTo(configuration));
        }, _status, log);
        if (file.NotificationProblem is { } problem)
            log.Warning($"{file.Path}: changes are noticed within seconds instead of at once: {problem}");
        try
        {
            await file.WatchAsync(reload.Run, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    private void ShutDown(DirectorEngine engine)
    {
        if (_onExit == ExitAction.Remove)
        {
            engine.Remove();
            _multicast!.Leave();
            _health!.Remove();
            File.Delete(DaemonReport.PathOf(_identity));
            _management!.ForgetDrains();
            log.Info("detached, everything removed (onExit: remove)");
        }
        else
            log.Info(ApplyText.Stopping(_status.Current.IsStarting, engine.Kind));
    }
}
