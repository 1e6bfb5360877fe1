using System.Diagnostics;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Sessions;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// Changes the director's configuration repeatedly, and stops and starts its daemon, under connections that must
/// survive. The lab applies a change as an operator does: it replaces the file and polls `sidestep status` until that
/// shows the change. The short connections during and after a step decide whether it succeeded.
/// </summary>
internal sealed class ChurnStepRunner(LabRun run, DirectorFile file, StatusWaiter statusWaiter,
    SessionsProcess sessions, Action<string> log)
{
    private static readonly TimeSpan StepPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan DrainTimeout = ScaledTimeout.Seconds(30);
    private static readonly TimeSpan NewFlowTimeout = ScaledTimeout.Seconds(30);

    // Of lab/upgrade, the only topology with a take-over.
    private static readonly TimeSpan ShortestIdleTimeout = TimeSpan.FromSeconds(20);
    private const int MinTrackedFlows = 50;

    // Parts of the daemon's notes about tables that it cannot adopt, and about adopted ones.
    private const string LayoutNote = "layout: ", AdoptedNote = "adopted";

    /// <summary>The state of a server whose health checks fail.</summary>
    private const string Failed = "failed";

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<ChurnStepReport> _reports = [];

    // Changes that were written while no daemon runs.
    private readonly List<RunStep> _pendingSteps = [];

    // Removed servers, and the number of packets that they had received by then.
    private readonly Dictionary<string, long> _receivedAtRemoval = [];

    public IReadOnlyList<ChurnStepReport> Reports => _reports;

    /// <summary>Times at which nothing forwarded; none with an engine that forwards without its daemon.</summary>
    public Outages Outages { get; } = new();

    private bool OnlyDaemonForwards => run.Topology.EngineOverride is { DaemonForwards: true };

    public int Changes { get; private set; }

    public int Kills { get; private set; }

    public int Restarts { get; private set; }

    /// <summary>How often a daemon of another version took over.</summary>
    public int Upgrades { get; private set; }

    /// <summary>Null: no daemon of an earlier release ran.</summary>
    public TakeOver? TakeOver { get; private set; }

    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var step in run.Topology.Steps.SelectMany(s => Enumerable.Repeat(s, s.Times)))
        {
            var started = _watch.Elapsed;
            var problem = await DoAsync(step, cancel);
            var took = _watch.Elapsed - started;
            _reports.Add(new ChurnStepReport(step.Title, Math.Round(started.TotalSeconds, 1),
                Math.Round(took.TotalSeconds, 1), problem));
            if (problem is not null)
                log($"{step.Title}: {problem}");
            await Task.Delay(StepPause, cancel);
            var now = sessions.State;
            log($"{_watch.Elapsed.TotalSeconds,5:0.0} s  {step.Title,-28} {(problem is null ? "ok" : "FAILED"),-6} "
                + $"{now.Opened:N0} connections, {now.Broken} broken, {now.Responses:N0} answers; short ones: "
                + $"{now.ShortOk:N0} ok, {now.ShortFailed} failed");
        }
    }

    private async Task<string?> DoAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "kill-daemon":
                Kills++;
                BeginOutage();
                return await run.KillDaemonAsync(cancel) ? null : "the daemon still runs";
            case "start-daemon":
                return await StartAsync(cancel);
            case "restart-daemon":
                Restarts++;
                BeginOutage();
                return await run.StopDaemonAsync(cancel) ? await StartAsync(cancel) : "the daemon still runs";
            case "upgrade-daemon":
                return await ChangeVersionAsync(LabPaths.OtherLayoutBuild, cancel);
            case "downgrade-daemon":
                return await ChangeVersionAsync(LabPaths.CurrentBuild, cancel);
            case "take-over-daemon":
                return await TakeOverAsync(cancel);
            case "break-health-page":
                HealthPage.Delete(run.Folder.Root);
                return await statusWaiter.WaitForStartAsync(static s => s.Servers.Values.All(static v =>
                    v is { State: Failed, Slots: > 0 }), cancel);
            case "repair-health-page":
                HealthPage.Write(run.Folder.Root);
                return await statusWaiter.WaitForStartAsync(static s => s.Servers.Values.All(static v =>
                    v is { State: not Failed, Slots: > 0 }), cancel);
            case "rotate-services":
                return await RotateGeneratedServicesAsync(cancel);
            default:
                return await ChangeAsync(step, cancel);
        }
    }

    private void BeginOutage()
    {
        if (OnlyDaemonForwards)
            Outages.Begin();
    }

    private async Task<string?> StartAsync(CancellationToken cancel)
    {
        await run.StartDaemonAsync(cancel);
        var problem = await statusWaiter.WaitForStartAsync(_pendingSteps, cancel);
        Outages.End();
        if (problem is null)
            Changes += _pendingSteps.Count;
        _pendingSteps.Clear();
        return problem;
    }

    /// <summary>Stops the daemon, if it runs, and starts the other version, which cannot adopt the tables.</summary>
    private async Task<string?> ChangeVersionAsync(DirectorBuild product, CancellationToken cancel)
    {
        BeginOutage();
        if (run.Daemon.Identity.IsAlive() && !await run.StopDaemonAsync(cancel))
            return "the daemon still runs";
        run.Build = product;
        if (await StartAsync(cancel) is { } problem)
            return problem;
        Upgrades++;
        // The persistent state of the managed engine has the same layout in both versions.
        var (note, meaning) = OnlyDaemonForwards
            ? (AdoptedNote, "it adopted the persistent state of the other version")
            : (LayoutNote,
                $"the tables that it found have another layout; is {product.Daemon} really another version?");
        return await statusWaiter.WaitForStartAsync(s =>
            s.Notes.Any(n => n.Contains(note, StringComparison.Ordinal)), cancel) is null
            ? null : $"`sidestep status` does not show that {meaning}";
    }

    /// <summary>Stops the daemon of an earlier release and starts this one, which must adopt the tables.</summary>
    private async Task<string?> TakeOverAsync(CancellationToken cancel)
    {
        await Wait.TryUntilAsync(
            async () =>
                (await TrackedFlows.QueryAsync(run, cancel)).IdleByFlow.Count >= MinTrackedFlows, NewFlowTimeout,
                cancel);
        var watch = Stopwatch.StartNew();
        var before = await TrackedFlows.QueryAsync(run, cancel);
        BeginOutage();
        if (!await run.StopDaemonAsync(cancel))
            return "the earlier daemon still runs";
        run.Build = LabPaths.CurrentBuild;
        file.HasDirectorSection = false;
        file.Save();
        if (await StartAsync(cancel) is { } problem)
            return problem;
        Upgrades++;
        var after = await TrackedFlows.QueryAsync(run, cancel);
        var lost = before.LostIn(after, watch.Elapsed, ShortestIdleTimeout);
        TakeOver = new TakeOver(before.IdleByFlow.Count, after.IdleByFlow.Count, lost.Count);
        if (before.IdleByFlow.Count < MinTrackedFlows)
            return $"only {before.IdleByFlow.Count} flows were tracked before: too few to show that none is lost";
        if (lost.Count > 0)
            return $"{lost.Count} of {before.IdleByFlow.Count} tracked flows are lost; the first: {lost[0]}";
        return await statusWaiter.WaitForStartAsync(s =>
            s.Notes.Any(n => n.Contains(AdoptedNote, StringComparison.Ordinal)), cancel) is null
            ? null : "`sidestep status` does not show that it adopted the tables";
    }

    private async Task<string?> RotateGeneratedServicesAsync(CancellationToken cancel)
    {
        var services = file.RotateGeneratedServices();
        file.Save();
        if (await statusWaiter.WaitForChangeAsync(s => services.SetEquals(s.Services), cancel) is { } problem)
            return problem;
        Changes++;
        return null;
    }

    private async Task<string?> ChangeAsync(RunStep step, CancellationToken cancel)
    {
        if (await BeforeAsync(step, cancel) is { } notReady)
            return notReady;
        Edit(step);
        if (!run.Daemon.Identity.IsAlive())
        {
            file.Save();
            _pendingSteps.Add(step);
            return null;
        }
        file.Save();
        if (await statusWaiter.WaitForChangeAsync(step, cancel) is { } problem)
            return problem;
        Changes++;
        return await AfterAsync(step, cancel);
    }

    /// <summary>Checks that an operator does before the change.</summary>
    private async Task<string?> BeforeAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "remove-server":
                return await Wait.TryUntilAsync(() =>
                    SocketTable.Connections(ServerProcess(step.Server)) == 0, DrainTimeout, cancel)
                    ? null : $"{step.Server} is drained and still has connections after {DrainTimeout.TotalSeconds:0} "
                        + "s";
            case "add-server":
                return TrafficAfterRemoval(step.Server);
            case "remove-service":
                await sessions.EndShortAsync(file.Endpoint(step.Service), cancel);
                return null;
            default:
                return null;
        }
    }

    private void Edit(RunStep step)
    {
        switch (step.Do)
        {
            case "add-server":
                file.Add(step.Server);
                break;
            case "remove-server":
                file.Remove(step.Server);
                break;
            case "drain-server":
                file.Set(step.Server, "state", "draining");
                break;
            case "disable-server":
                file.Set(step.Server, "state", "disabled");
                break;
            case "enable-server":
                file.Set(step.Server, "state", "enabled");
                break;
            case "weigh-server":
                file.Set(step.Server, "weight", $"{step.Weight}");
                break;
            case "add-service":
                file.Add(step.Service);
                break;
            case "remove-service":
                file.Remove(step.Service);
                break;
            default:
                throw new LabException($"{run.Topology.Name}: the step '{step.Do}' is unknown in this kind of run.");
        }
    }

    /// <summary>Checks that the traffic shows a change that is in force.</summary>
    private async Task<string?> AfterAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "add-server" or "enable-server":
                var had = sessions.State.ShortOf(step.Server);
                return await Wait.TryUntilAsync(() => sessions.State.ShortOf(step.Server) > had, NewFlowTimeout, cancel)
                    ? null : $"no new connection reached {step.Server} within {NewFlowTimeout.TotalSeconds:0} s";
            case "remove-server":
                _receivedAtRemoval[step.Server] = SocketTable.Received(ServerProcess(step.Server));
                return null;
            case "add-service":
                var endpoint = file.Endpoint(step.Service);
                await sessions.BeginShortAsync(endpoint);
                return await Wait.TryUntilAsync(() => sessions.State.ShortTo(endpoint) > 0, NewFlowTimeout, cancel)
                    ? null : $"no connection to {endpoint} was answered within {NewFlowTimeout.TotalSeconds:0} s";
            default:
                return null;
        }
    }

    // A removed server must receive no packets until it is added again.
    private string? TrafficAfterRemoval(string server)
    {
        if (!_receivedAtRemoval.Remove(server, out var atRemoval))
            return null;
        var received = SocketTable.Received(ServerProcess(server)) - atRemoval;
        return received == 0 ? null : $"{server} received {received} packets after its removal";
    }

    private ProcessIdentity ServerProcess(string server) =>
        run.Folder.Find(server, ChurnScenario.ServerService)?.Identity
        ?? throw new LabException(
            $"{run.Topology.Name}: node '{server}' has no service '{ChurnScenario.ServerService}'.");
}
