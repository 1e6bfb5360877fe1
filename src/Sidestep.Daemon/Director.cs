using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sidestep.Api.Status;
using Sidestep.Control;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Multicast;
using Sidestep.Daemon.NextHops;
using Sidestep.Daemon.Probes;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Hosting;
using Sidestep.Hosting.Logging;
using Sidestep.Hosting.Supervision;
using Sidestep.Hosting.Systemd;
using Sidestep.Model;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon;

/// <summary>The composition root of the daemon: creates the parts, connects them, and runs them in a generic
/// host.</summary>
/// <param name="source">Where the configuration comes from.</param>
/// <param name="first">The configuration at the start.</param>
/// <param name="stateFolder">The folder of users, tokens and the audit log.</param>
/// <param name="serviceLog">The log of the host.</param>
/// <param name="log">Receives events and problems.</param>
/// <param name="events">The latest events of the log.</param>
/// <param name="signals">Stop and reload.</param>
internal sealed class Director(ConfigurationSource source, Configuration first, string stateFolder,
    ServiceLog serviceLog, ILogger log, EventHistory events, ProcessSignals signals)
{
    /// <summary>How long the start waits for next hops; adopted tables forward meanwhile.</summary>
    private static readonly TimeSpan NextHopTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ConnectionCountInterval = TimeSpan.FromSeconds(1);

    private readonly NodeSettings _identity = first.Node;

    /// <summary>Runs the director until a signal stops it: starts the engine, applies the configuration and its
    /// changes.</summary>
    /// <param name="removes">True: stop as soon as the configuration is applied, and remove everything, as with
    /// <c>onExit: remove</c>. Only a director that has applied its configuration knows all that an earlier one left.
    /// </param>
    /// <exception cref="EngineException">The daemon could not start; the message says what to do.</exception>
    internal async Task RunAsync(bool removes)
    {
        var selection = EngineSelector.Select(first.Node, InterfaceCapabilitiesReader.Read, XdpEngine.CheckMachine);
        using var lockFile = await DirectorLock.AcquireAsync(DirectorFiles.LockPath(_identity), _identity.Name,
            TimeProvider.System).ConfigureAwait(false);
        var status = CreateStatus();
        var failures = new LoopFailures(TimeProvider.System);
        var supervisor = new Supervisor(TimeProvider.System, failures, log.FailedUnexpectedly);
        using var engine = EngineSelector.Open(first.Node, first.Group.FlowTableSize, selection, log);
        foreach (var note in engine.Notes)
            log.EngineNote(note);
        var multicastFile = new MulticastFile(DirectorFiles.MulticastPath(_identity), log.MulticastProblem);
        using var multicast = new SolicitedNodeMulticast(multicastFile.Read(), macs =>
        {
            multicastFile.Write(macs);
            status.Change(r => r with { MulticastMacs = macs });
        }, log.MulticastProblem, new KernelMulticastMacs(), static () => new MembershipSocket());
        status.Change(r => r with { Notes = [.. engine.Notes], MulticastMacs = multicast.AddedMacs });
        var reader = new StatusReader(engine, status, failures, () => serviceLog.LinesDropped);
        var revisions = new RevisionHistory(TimeProvider.System);
        using var management = new Management(_identity, stateFolder, source, engine.State, events, revisions,
            reader.Read, p => status.SetProblems(ProblemSource.Management, [.. p]),
            (otlp, problem) =>
            {
                status.Change(r => r with { Otlp = otlp });
                status.SetProblems(ProblemSource.Otlp, problem is null ? [] : [problem]);
            },
            alarms => status.Change(r => r with { Alarms = alarms }), supervisor, log);
        using var nextHops = new NetlinkNextHopResolver(log.NextHopProblem, supervisor);
        WaitForNextHops(nextHops);
        if (EngineSelector.RejectionReason(engine, first) is { } rejection)
            throw new EngineException(rejection);
        using var health = new HealthService(engine, _identity, management.Agents, supervisor, log);
        reader.Health = health;
        var observer = new TablesObserver(first.Node.OnExit, multicast, management, health, supervisor, status,
            log);
        var loop = new ControlLoop(engine, nextHops, management.Overlay.ApplyTo(first), observer, TimeProvider.System,
            health.Tracker, pathMtus: health.PathMtus);
        var follower = new ConfigurationFollower(source, first, engine, management.Drains, management.Overlay, loop,
            status, revisions, log);
        management.Propose = follower.ProposeAgainAsync;
        using var punt = new PuntHandler(engine, supervisor, status, log);
        using var linkSocket = NetlinkSocket.Open();
        var kernelState = new KernelState(engine,
            new AttachmentWatch(() => engine.IsAttached, loop.AttachAgain, TimeProvider.System),
            new LinkProblems(() => observer.InterfaceNames, LinkProblems.ByNetlink(linkSocket)), health,
            multicast, new RestoredParts(TimeProvider.System), NetworkdHint.Read, supervisor, status, log);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.StopRequested);
        void Started()
        {
            follower.FollowDrains();
            punt.Open();
            log.Forwarding(source.Path);
            if (removes)
                stop.Cancel();
        }
        using (var host = BuildHost(supervisor, engine, loop, follower, management, health, kernelState, Started))
        {
            using var stopping = stop.Token.Register(
                host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication);
            await host.RunToEndAsync(stop.Token).ConfigureAwait(false);
        }
        new DirectorExit(engine, multicast, multicastFile, health, management, status, log)
            .Run(removes ? ExitAction.Remove : observer.OnExit);
    }

    /// <summary>The host and its tasks, in the order of their start: forwarding comes first.</summary>
    private IHost BuildHost(Supervisor supervisor, DirectorEngine engine, ControlLoop loop,
        ConfigurationFollower follower, Management management, HealthService health, KernelState kernelState,
        Action started)
    {
        var builder = ServiceHost.CreateBuilder(serviceLog, signals);
        var services = builder.Services;
        services.AddSingleton<IHostedService>(provider =>
            new ControlService(loop, started, provider.GetRequiredService<ServiceNotifier>()));
        services.AddTask(supervisor, "control loop", (_, cancellation) => loop.RunAsync(cancellation));
        services.AddTask(supervisor, "watch of the configuration", (provider, cancellation) =>
            follower.WatchAsync(provider.GetRequiredService<ServiceNotifier>(), cancellation));
        services.AddTask(supervisor, "count of connections", (_, cancellation) => Periodically.RunAsync(
            ConnectionCountInterval, TimeProvider.System, () => CountConnections(engine), cancellation));
        services.AddTask(supervisor, "health checks", (_, cancellation) => health.RunAsync(cancellation));
        services.AddTask(supervisor, "comparison with the kernel", (_, cancellation) =>
            kernelState.RunAsync(cancellation));
        services.AddTask(supervisor, "API", (_, cancellation) => management.RunAsync(cancellation));
        services.AddTask(supervisor, "export of metrics", (_, cancellation) =>
            management.ExportMetricsAsync(cancellation));
        services.AddWatchdog(new LoopProgress(loop).HasTurned);
        return builder.Build();
    }

    private StatusReporter CreateStatus() => new(new DaemonStatus
    {
        Running = true,
        Starting = true,
        ProcessId = Environment.ProcessId,
        Version = Management.Version,
        Started = DateTimeOffset.UtcNow,
        ConfigurationFile = source.Writable is null ? source.Path : null,
        ConfigurationStore = source.Writable is null ? null : source.Path,
    });

    private void WaitForNextHops(NetlinkNextHopResolver nextHops)
    {
        nextHops.Watch([.. first.Node.Interfaces.Select(static i => i.Name)],
            first.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress).ToHashSet());
        nextHops.WatchPeers([.. first.Group.Peers.Select(VrfAddress.InDefault)]);
        nextHops.WaitUntilResolved(NextHopTimeout, signals.StopRequested);
    }

    private static void CountConnections(DirectorEngine engine)
    {
        if (engine.ComparesConnections)
            engine.CountConnections();
    }
}
