using Sidestep.Control;
using Sidestep.Daemon.NextHops;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>One run of the daemon: puts the rooms together, from the start to the signal that ends it.</summary>
internal sealed class Director(ConfigurationFile file, Configuration first) : IControlObserver
{
    /// <summary>How long the start waits for next hops: adopted tables forward meanwhile.</summary>
    private static readonly TimeSpan ResolvePatience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly DirectorSettings _identity = first.Director;
    private DaemonReport _report = new()
    {
        ProcessId = Environment.ProcessId,
        Started = DateTimeOffset.UtcNow,
        ConfigurationFile = file.Path,
    };

    private ExitAction _onExit = first.Director.OnExit;

    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="EngineException">It could not start; says what to do.</exception>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var claim = Claim();
        using var engine = XdpEngine.Open(_identity.PinPath, _identity.Name);
        foreach (var note in engine.Notes)
            Log.Info(note);
        Report(r => r with { Notes = [.. engine.Notes] });

        using var nextHops = new NetlinkNextHopResolver(Log.Warning);
        var loop = new ControlLoop(engine, nextHops, first, this, TimeProvider.System);
        nextHops.Watch([.. first.Director.Interfaces.Select(static i => i.Name)],
            first.Pools.SelectMany(static p => p.Servers).Select(static s => s.Address).ToHashSet());
        nextHops.WaitUntilResolved(ResolvePatience);
        loop.Start();
        Log.Info($"forwarding; configuration {file.Path}");

        await Task.WhenAll(loop.RunAsync(cancellation), WatchFileAsync(loop, cancellation)).ConfigureAwait(false);
        End(engine);
    }

    public void Applied(Configuration configuration, ForwardingTables tables, Forwarding.NextHops nextHops)
    {
        _onExit = configuration.Director.OnExit;
        var unresolved = nextHops.Unresolved.Select(static u => $"{u.Key}: {u.Value}").Order(StringComparer.Ordinal).ToArray();
        var news = unresolved.Except(_report.Unresolved).ToArray();
        Report(r => r with { Errors = [], Unresolved = [.. unresolved] });
        foreach (var server in news)
            Log.Warning($"no next hop, server takes no traffic: {server}");
        Log.Info($"applied: {tables.Services.Length} services, {tables.Groups.Sum(static g => g.Slots.Members.Length)} servers take traffic");
    }

    public void Attached(IReadOnlyList<AttachedInterface> interfaces)
    {
        foreach (var attached in interfaces)
        {
            Log.Info($"attached to {attached.Name} ({attached.Mode?.ToString().ToLowerInvariant()})");
            if (attached.WhyNotNative is { } why)
            {
                var note = $"{attached.Name} is attached in generic mode, which is slower: native mode was refused ({why})";
                Log.Warning(note);
                Report(r => r with { Notes = r.Notes.Add(note) });
            }
        }
    }

    public void Failed(string reason)
    {
        Log.Error($"the former tables stay in force: {reason}");
        Report(r => r with { Errors = [reason] });
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
                Offer(loop, configuration);
            else
                Refuse([.. result.Errors.Select(e => e.Format(file.Path, "error"))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse([$"{file.Path}: {e.Message}"]);
        }
    }

    private void Offer(ControlLoop loop, Configuration configuration)
    {
        if (configuration.Director.Name != _identity.Name || configuration.Director.PinPath != _identity.PinPath)
            Refuse(["director.name and director.pinPath cannot change while the daemon runs: they name its state. Restart it"]);
        else
            loop.Post(configuration);
    }

    private void Refuse(string[] errors)
    {
        foreach (var error in errors)
            Log.Error(error);
        Log.Error("the changed configuration is not in force; the former one stays");
        Report(r => r with { Errors = [.. errors] });
    }

    private void End(XdpEngine engine)
    {
        if (_onExit == ExitAction.Remove)
        {
            engine.Remove();
            File.Delete(DaemonReport.PathOf(_identity));
            Log.Info("detached, everything removed (onExit: remove)");
        }
        else
        {
            Log.Info("leaving; the program goes on forwarding (onExit: keep)");
        }
    }

    private FileStream Claim()
    {
        var path = DaemonReport.LockPath(_identity);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new EngineException($"another sidestepd runs for the director '{_identity.Name}' (pid {DaemonReport.Read(_identity)?.ProcessId}, "
                + $"lock {path}): stop it, or give this one another director.name", e);
        }
    }

    private void Report(Func<DaemonReport, DaemonReport> change)
    {
        lock (_gate)
        {
            _report = change(_report);
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
