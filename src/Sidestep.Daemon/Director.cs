using System.Collections.Immutable;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sidestep.Control;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Multicast;
using Sidestep.Daemon.NextHops;
using Sidestep.Daemon.Probes;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>One run of the daemon: puts the rooms together, from the start to the signal that ends it.</summary>
internal sealed class Director(ConfigurationFile file, Configuration first) : IControlObserver
{
    /// <summary>How long the start waits for next hops: adopted tables forward meanwhile.</summary>
    private static readonly TimeSpan NextHopTimeout = TimeSpan.FromSeconds(2);

    private const int LockAttempts = 10;
    private static readonly TimeSpan ConnectionCountInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LockRetryPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly DirectorSettings _identity = first.Director;
    private DaemonReport _report = new()
    {
        ProcessId = Environment.ProcessId,
        IsStarting = true,
        Started = DateTimeOffset.UtcNow,
        ConfigurationFile = file.Path,
    };

    private ExitAction _onExit = first.Director.OnExit;

    /// <summary>What is wrong with the file as it is; a valid one clears it.</summary>
    private ImmutableArray<string> _fileErrors = [];

    /// <summary>Why the newest valid configuration, or the newest next hops, are not in force; being so clears it.</summary>
    private ImmutableArray<string> _applyErrors = [];

    private DirectorEngine? _engine;
    private SolicitedNodeMulticast? _multicast;
    private HealthService? _health;

    /// <summary>What the daemon does beside forwarding.</summary>
    private Management? _management;

    /// <summary>What is wrong with that.</summary>
    private ImmutableArray<string> _managementProblems = [];

    /// <summary>The newest valid configuration, as the file says it.</summary>
    private Configuration? _fileConfiguration;

    /// <summary>What a change holds back.</summary>
    private ImmutableArray<string> _retained = [];

    /// <summary>Why nothing is sent in fragments; null when it is.</summary>
    private string? _puntProblem;

    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="EngineException">It could not start; says what to do.</exception>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        var decision = EngineSelector.Select(first.Director);
        using var lockFile = await AcquireLockAsync().ConfigureAwait(false);
        // What the predecessor said ends here, but for what is still to be taken back.
        Report(r => r with { MulticastMacs = DaemonReport.Read(_identity)?.MulticastMacs ?? [] });
        using var engine = EngineSelector.Open(first.Director, decision);
        _engine = engine;
        foreach (var note in engine.Notes)
            Log.Info(note);
        using var multicast = new SolicitedNodeMulticast(_report.MulticastMacs, SaveMulticastMacs, Log.Warning);
        _multicast = multicast;
        Report(r => r with { Engine = engine.Kind, Notes = [.. engine.Notes], MulticastMacs = multicast.AddedMacs });

        using var management = new Management(_identity, engine.HandleRequest, ManagementProblems, alarms => Report(r => r with { Alarms = alarms }));
        _management = management;
        using var nextHops = new NetlinkNextHopResolver(Log.Warning);
        nextHops.Watch([.. first.Director.Interfaces.Select(static i => i.Name)],
            first.Pools.SelectMany(static p => p.Servers).Select(static s => s.Address).ToHashSet());
        nextHops.WatchPeers(first.Director.Peers);
        nextHops.WaitUntilResolved(NextHopTimeout, cancellation);
        if (EngineSelector.RejectionReason(engine, first) is { } rejection)
            throw new EngineException(rejection);
        using var health = new HealthService(engine, _identity, management.Agents);
        _health = health;
        if (cancellation.IsCancellationRequested)
        {
            ShutDown(engine);
            return;
        }
        var loop = new ControlLoop(engine, nextHops, first, this, TimeProvider.System, health.Tracker);
        loop.Start();
        management.Drains.Changed += () => loop.Post(management.Drains.ApplyTo(_fileConfiguration ?? first));
        using var punt = OpenPunt();
        Log.Info($"forwarding; configuration {file.Path}");

        await RunAllAsync(loop, engine, cancellation).ConfigureAwait(false);
        ShutDown(engine);
    }

    /// <summary>If one ends before it is told to, the other must not go on alone: half a daemon looks like a whole one.</summary>
    private async Task RunAllAsync(ControlLoop loop, DirectorEngine engine, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] all =
        [
            loop.RunAsync(stop.Token), WatchFileAsync(loop, stop.Token), CountConnectionsAsync(engine, stop.Token), _health!.RunAsync(stop.Token),
            _management!.RunAsync(stop.Token),
        ];
        await Task.WhenAny(all).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(all).ConfigureAwait(false);
    }

    /// <summary>Flows end without a word, so that what least-connections choices compare is counted anew now and then.</summary>
    private static async Task CountConnectionsAsync(DirectorEngine engine, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(ConnectionCountInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
            {
                if (engine.ComparesConnections)
                    engine.CountConnections();
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    public void Applied(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops, bool isNewest)
    {
        _onExit = configuration.Desired.Director.OnExit;
        var unresolved = nextHops.Unresolved.Select(static u => $"{u.Key}: {u.Value}").Order(StringComparer.Ordinal).ToArray();
        var newlyUnresolved = unresolved.Except(_report.Unresolved).ToArray();
        UpdateMulticast(configuration.Desired, tables);
        _management!.Applied(configuration, tables, nextHops);
        _health!.Update(configuration, tables);
        _retained = RetainedText.Of(configuration);
        var degraded = Degraded(nextHops);
        foreach (var peer in degraded.Except(_report.Degraded).Except(_multicast!.Problems).Except(_health!.Problems))
            Log.Warning(peer);
        Report(
            r => r with { IsStarting = false, Unresolved = [.. unresolved], Degraded = degraded },
            () => _applyErrors = isNewest ? [] : _applyErrors);
        foreach (var server in newlyUnresolved)
            Log.Warning($"no next hop, server takes no traffic: {server}");
        Log.Info($"applied: {tables.Services.Length} services, {tables.Groups.Sum(static g => g.Slots.Members.Length)} servers take traffic");
    }

    public void Attached(IReadOnlyList<AttachedInterface> interfaces)
    {
        _management!.Attached(interfaces);
        foreach (var attached in interfaces)
        {
            Log.Info($"attached to {attached.Name} ({attached.Driver?.Name()})");
            if (attached.FallbackReason is { } driverReason)
            {
                var why = attached.Driver is { } driver && CapabilitiesOf(attached.Name) is { } capabilities && DriverSelection.Of(capabilities).FallbackReason(driver) is { } selectionReason
                    ? $"{driverReason}; {selectionReason}" : driverReason;
                var note = $"{attached.Name} is attached by {attached.Driver?.Name()}, which is slower: {why}";
                Log.Warning(note);
                Report(r => r with { Notes = r.Notes.Remove(note).Add(note) });
            }
        }
    }

    private static InterfaceCapabilities? CapabilitiesOf(string interfaceName)
    {
        try
        {
            return InterfaceCapabilitiesReader.Read(interfaceName);
        }
        catch (EngineException)
        {
            return null; // what the kernel said is told all the same
        }
    }

    public void Failed(string reason)
    {
        Log.Error($"keeping the previous configuration: {reason}");
        Report(static r => r, () => _applyErrors = [reason]);
    }

    /// <summary>For each IPv6 VIP that the director answers for, on the interfaces where it does.</summary>
    private void UpdateMulticast(Configuration configuration, ForwardingTables tables)
    {
        var names = configuration.Director.Interfaces.Select(static i => i.Name).ToHashSet();
        try
        {
            _multicast!.Update(tables.Interfaces.Where(i => names.Contains(i.Name)), tables.Vips
                .Where(static v => v.RespondsToArp && v.Address.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6)
                .Select(static v => v.Address.BaseAddress));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Warning($"multicast groups of IPv6 VIPs not updated: {e.Message}");
        }
    }

    private void SaveMulticastMacs(ImmutableArray<string> macs) => Report(r => r with { MulticastMacs = macs });

    private ImmutableArray<string> Degraded(Forwarding.NextHops nextHops) =>
    [
        .. nextHops.UnresolvedPeers.Select(static p => $"other director {p.Key} is not found, what it sent may be balanced again: {p.Value}")
            .Order(StringComparer.Ordinal),
        .. _retained,
        .. _multicast!.Problems,
        .. _health!.Problems,
        .. _puntProblem is { } problem ? [problem] : Array.Empty<string>(),
        .. _managementProblems,
    ];

    private void ManagementProblems(IReadOnlyList<string> problems) => Report(
        r => r with { Degraded = [.. r.Degraded.Except(_managementProblems), .. problems] },
        after: () => _managementProblems = [.. problems]);

    /// <summary>Null when it is not the daemon's to do.</summary>
    private IDisposable? OpenPunt()
    {
        try
        {
            return _engine!.OpenPunt();
        }
        catch (NativeException e)
        {
            _puntProblem = $"oversized packets are not fragmented: {e.Message}";
            Log.Warning(_puntProblem);
            Report(r => r with { Degraded = r.Degraded.Add(_puntProblem) });
            return null;
        }
    }

    private async Task WatchFileAsync(ControlLoop loop, CancellationToken cancellation)
    {
        try
        {
            await file.WatchAsync(() => Reload(loop), cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
    }

    private void Reload(ControlLoop loop)
    {
        try
        {
            var result = file.Read();
            foreach (var warning in result.Warnings)
                Log.Warning(warning.Format(file.Path, "warning"));
            if (result.Configuration is { } configuration)
                Propose(loop, configuration);
            else
                Reject([.. result.Errors.Select(e => e.Format(file.Path, "error"))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NetworkInformationException)
        {
            Reject([$"{file.Path}: {e.Message}"]);
        }
    }

    private void Propose(ControlLoop loop, Configuration configuration)
    {
        if (configuration.Director.Name != _identity.Name || configuration.Director.PinPath != _identity.PinPath)
            Reject(["director.name and director.pinPath cannot change while the daemon runs: they name its state. Restart it"]);
        else if (EngineSelector.RejectionReason(_engine!, configuration) is { } rejection)
            Reject([rejection]);
        else
        {
            Log.Info("the configuration file changed");
            Report(static r => r, () => _fileErrors = []);
            _fileConfiguration = configuration;
            loop.Post(_management!.Drains.ApplyTo(configuration));
        }
    }

    private void Reject(string[] errors)
    {
        foreach (var error in errors)
            Log.Error(error);
        Log.Error("the changed configuration is not applied: keeping the previous configuration");
        Report(static r => r, () => _fileErrors = [.. errors]);
    }

    private void ShutDown(DirectorEngine engine)
    {
        if (_onExit == ExitAction.Remove)
        {
            engine.Remove();
            _multicast!.Leave();
            _health!.Remove();
            File.Delete(DaemonReport.PathOf(_identity));
            Log.Info("detached, everything removed (onExit: remove)");
        }
        else
        {
            Log.Info(_report.IsStarting ? "stopping before anything was applied: the state of the previous run is unchanged (onExit: keep)"
                : engine.Kind == EngineKind.Managed ? "stopping: nothing is forwarded until the next start, which restores the flow table (onExit: keep)"
                : "stopping: the XDP program keeps forwarding (onExit: keep)");
        }
    }

    /// <summary>Waits a moment for the lock: a daemon that was just killed, or a glance of sidestep status, may still hold it.</summary>
    private async Task<FileStream> AcquireLockAsync()
    {
        var path = DaemonReport.LockPath(_identity);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < LockAttempts)
            {
                await Task.Delay(LockRetryPause).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                throw new EngineException($"another sidestepd runs for the director '{_identity.Name}' (pid {DaemonReport.Read(_identity)?.ProcessId}, "
                    + $"lock {path}): stop it, or give this one another director.name ({e.Message})", e);
            }
        }
    }

    private void Report(Func<DaemonReport, DaemonReport> change, Action? errors = null, Action? after = null)
    {
        lock (_gate)
        {
            errors?.Invoke();
            _report = change(_report) with { Errors = [.. _fileErrors, .. _applyErrors] };
            after?.Invoke();
            try
            {
                _report.Write(_identity);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.Warning($"status report not written: {e.Message}");
            }
        }
    }
}
