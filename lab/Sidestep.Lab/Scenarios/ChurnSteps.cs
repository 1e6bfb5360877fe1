using System.Diagnostics;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Sessions;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// Changes the director's configuration again and again, and ends and starts its daemon, under connections that live
/// through all of it. Each change is made as an operator makes it: the file is put in place, and `sidestep status` is asked
/// until it shows the change. A step is judged by the short connections during and after it.
/// </summary>
internal sealed class ChurnSteps(LabRun run, DirectorFile file, InForce inForce, SessionsProcess sessions, Action<string> say)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan EmptyLimit = Patience.Seconds(30);
    private static readonly TimeSpan NewFlowLimit = Patience.Seconds(30);

    // What a daemon says of tables that it cannot adopt.
    private const string LayoutNote = "layout: ", AdoptedNote = "adopted";

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<ChurnStepReport> _reports = [];

    // Changes that were written while no daemon runs.
    private readonly List<RunStep> _waiting = [];

    // Servers that are out, and what they had received by then.
    private readonly Dictionary<string, long> _out = [];

    public IReadOnlyList<ChurnStepReport> Reports => _reports;

    /// <summary>When no daemon forwarded; none where packets go on without it.</summary>
    public Outages Outages { get; } = new();

    private bool OnlyDaemonForwards => run.Topology.Forwarder is { IsDaemon: true };

    public int Changes { get; private set; }

    public int Kills { get; private set; }

    public int Restarts { get; private set; }

    /// <summary>How often a version took over the tables' place from another one.</summary>
    public int Upgrades { get; private set; }

    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var step in run.Topology.Steps.SelectMany(s => Enumerable.Repeat(s, s.Times)))
        {
            var begun = _watch.Elapsed;
            var problem = await DoAsync(step, cancel);
            var took = _watch.Elapsed - begun;
            _reports.Add(new ChurnStepReport(step.Title, Math.Round(begun.TotalSeconds, 1), Math.Round(took.TotalSeconds, 1), problem));
            if (problem is not null)
                say($"{step.Title}: {problem}");
            await Task.Delay(Rest, cancel);
            var now = sessions.State;
            say($"{_watch.Elapsed.TotalSeconds,5:0.0} s  {step.Title,-28} {(problem is null ? "ok" : "FAILED"),-6} "
                + $"{now.Opened:N0} connections, {now.Broken} broken, {now.Answers:N0} answers; short ones: {now.ShortOk:N0} ok, {now.ShortFailed} failed");
        }
    }

    private async Task<string?> DoAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "kill-daemon":
                Kills++;
                BeginOutage();
                return await run.KillDaemonAsync(cancel) ? null : "the daemon lives on";
            case "start-daemon":
                return await StartAsync(cancel);
            case "restart-daemon":
                Restarts++;
                BeginOutage();
                return await run.StopDaemonAsync(cancel) ? await StartAsync(cancel) : "the daemon lives on";
            case "upgrade-daemon":
                return await ChangeVersionAsync(Places.OtherLayout, cancel);
            case "downgrade-daemon":
                return await ChangeVersionAsync(Places.Product, cancel);
            case "change-crowd":
                return await ChangeCrowdAsync(cancel);
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
        var problem = await inForce.StartedAsync(_waiting, cancel);
        Outages.End();
        if (problem is null)
            Changes += _waiting.Count;
        _waiting.Clear();
        return problem;
    }

    /// <summary>The one version is ended, if it lives, and the other one started: its tables are others, so it cannot adopt.</summary>
    private async Task<string?> ChangeVersionAsync(Product product, CancellationToken cancel)
    {
        BeginOutage();
        if (run.Daemon.Identity.IsAlive() && !await run.StopDaemonAsync(cancel))
            return "the daemon lives on";
        run.Product = product;
        if (await StartAsync(cancel) is { } problem)
            return problem;
        Upgrades++;
        // What the managed engine keeps has the same layout in both.
        var (note, meaning) = OnlyDaemonForwards
            ? (AdoptedNote, "it adopted what the other version remembered")
            : (LayoutNote, $"the tables that it found have another layout: that was no upgrade; is {product.Daemon} another version?");
        return await inForce.StartedAsync(s => s.Notes.Any(n => n.Contains(note, StringComparison.Ordinal)), cancel) is null
            ? null : $"the daemon does not say in `sidestep status` that {meaning}";
    }

    private async Task<string?> ChangeCrowdAsync(CancellationToken cancel)
    {
        var services = file.ChangeCrowd();
        file.Save();
        if (await inForce.ChangedAsync(s => services.SetEquals(s.Services), cancel) is { } problem)
            return problem;
        Changes++;
        return null;
    }

    private async Task<string?> ChangeAsync(RunStep step, CancellationToken cancel)
    {
        if (await BeforeAsync(step, cancel) is { } unfit)
            return unfit;
        Edit(step);
        if (!run.Daemon.Identity.IsAlive())
        {
            file.Save();
            _waiting.Add(step);
            return null;
        }
        file.Save();
        if (await inForce.ChangedAsync(step, cancel) is { } problem)
            return problem;
        Changes++;
        return await AfterAsync(step, cancel);
    }

    /// <summary>What an operator looks at first.</summary>
    private async Task<string?> BeforeAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "remove-server":
                return await Wait.TryUntilAsync(() => SocketTable.Connections(ServerProcess(step.Server)) == 0, EmptyLimit, cancel)
                    ? null : $"{step.Server} is drained and still has connections after {EmptyLimit.TotalSeconds:0} s";
            case "add-server":
                return Disturbed(step.Server);
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
                file.Enter(step.Server);
                break;
            case "remove-server":
                file.Leave(step.Server);
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
                file.Enter(step.Service);
                break;
            case "remove-service":
                file.Leave(step.Service);
                break;
            default:
                throw new LabException($"{run.Topology.Name}: a step '{step.Do}' is unknown here.");
        }
    }

    /// <summary>What must be seen in the traffic once a change is in force.</summary>
    private async Task<string?> AfterAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "add-server" or "enable-server":
                var had = sessions.State.ShortOf(step.Server);
                return await Wait.TryUntilAsync(() => sessions.State.ShortOf(step.Server) > had, NewFlowLimit, cancel)
                    ? null : $"no new connection reached {step.Server} within {NewFlowLimit.TotalSeconds:0} s";
            case "remove-server":
                _out[step.Server] = SocketTable.Received(ServerProcess(step.Server));
                return null;
            case "add-service":
                var endpoint = file.Endpoint(step.Service);
                await sessions.BeginShortAsync(endpoint);
                return await Wait.TryUntilAsync(() => sessions.State.ShortTo(endpoint) > 0, NewFlowLimit, cancel)
                    ? null : $"no connection to {endpoint} was answered within {NewFlowLimit.TotalSeconds:0} s";
            default:
                return null;
        }
    }

    // A server that was removed is left in peace until it is back.
    private string? Disturbed(string server)
    {
        if (!_out.Remove(server, out var then))
            return null;
        var more = SocketTable.Received(ServerProcess(server)) - then;
        return more == 0 ? null : $"{server} got {more} packets after it had been removed";
    }

    private ProcessIdentity ServerProcess(string server) => run.Folder.Find(server, ChurnScenario.ServerService)?.Identity
        ?? throw new LabException($"{run.Topology.Name}: node '{server}' has no service '{ChurnScenario.ServerService}'.");
}
