using System.Diagnostics;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Runs;
using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Sessions;
using Sidestep.Lab.Streams;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Bounces;

/// <summary>`lab run` of a topology whose links go down and up, and where other programs remove what Sidestep has made:
/// everything must come back by itself, and no traffic may suffer beyond the outage.</summary>
internal sealed class BounceScenario(LabRun run, Bounce plan, Action<string> log)
{
    private static readonly TimeSpan DefaultTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan StartTimeout = ScaledTimeout.Seconds(60);
    private static readonly TimeSpan StopTimeout = ScaledTimeout.Seconds(30);

    /// <summary>Nothing may change for so long before the first disturbance.</summary>
    private static readonly TimeSpan Steady = ScaledTimeout.Seconds(2);

    // Senders and datagrams per second that the lab sends to lose some, and the duration.
    private const int VictimSenders = 32;
    private const int VictimRate = 200;
    private static readonly TimeSpan WithoutPart = TimeSpan.FromSeconds(1);

    public async Task<BounceReport> RunAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var before = await ReadAsync(cancel);
        await run.StartServicesAsync(cancel);
        var servers = new DirectorFile(run.DirectorConfiguration).Servers;
        log($"waiting until the director forwards to {string.Join(", ", servers)}");
        if (await new StatusWaiter(run).WaitForStartAsync(s => NotServing(s, servers).Count == 0, cancel)
            is { } problem)
            throw new LabException(problem);
        await WaitUntilSteadyAsync(cancel);
        var logged = File.ReadLines(run.Daemon.Log).Count();
        using var sessions = SessionsProcess.Start(run, "sessions", plan.Sessions);
        await sessions.OpenedAsync(StartTimeout, cancel);
        using var stream = StreamProcess.Start(run, "stream", plan.Stream, plan.Stream.To);

        var runner = new BounceRunner(run, before, () => sessions.State.Broken, log);
        await runner.RunAsync(plan, DefaultTime, cancel);

        var notServing = NotServing(await SidestepStatus.QueryAsync(run, cancel), servers);
        var sent = await stream.StopAsync(cancel);
        var state = await sessions.StopAsync(StopTimeout, cancel);
        var judgedDown = File.ReadLines(run.Daemon.Log).Skip(logged).Where(static l =>
            l.Contains("marked down", StringComparison.Ordinal)).ToArray();
        var link = await LinkState.ReadAsync(run.Folder, new LinkEnd(run.Topology.Director.Node,
            run.Topology.Director.Interface), cancel);
        var (noticed, victims) = await RemoveOnPurposeAsync(runner, sent.Count, cancel);
        var counter = await CollectCountsAsync(cancel);
        var result = counter.Evaluate(sent, runner.Outages);
        var lostOnPurpose = counter.Evaluate(victims, new Outages(), sent.Count).Lost;
        var longest = runner.Events.MaxBy(static e => e.RestoreSeconds)!;
        var report = new BounceReport
        {
            Topology = run.Topology.Name,
            Rounds = runner.Rounds,
            Events = runner.Events,
            ServersJudgedDown = judgedDown.Length,
            DatagramsSent = result.Sent,
            DatagramsLost = result.Lost + result.LostWithoutDaemon,
            DatagramsLostWithLinksUp = counter.Evaluate(sent, runner.LinkOutages).Lost,
            DatagramsLostOutsideOutages = result.Lost,
            OutageSeconds = runner.Outages.Seconds,
            DatagramsDuplicated = result.Duplicated,
            Connections = state.Opened,
            ConnectionsBroken = state.Broken,
            NotServing = notServing,
            NotRestored = [.. runner.Events.SelectMany(static e =>
                e.NotRestored.Select(n => $"{n} (after {e.Node}: {e.What})"))],
            LongestRestoreSeconds = longest.RestoreSeconds,
            LongestRestore = $"{longest.Node}: {longest.What}",
            RemovedOnPurpose = new RemovedResult(plan.RemovedOnPurpose.Run, noticed, lostOnPurpose),
            Engine = link.Engine,
            Driver = link.Driver,
            Seconds = Math.Round(watch.Elapsed.TotalSeconds, 1),
            Problems = [],
        };
        return report with { Problems = [.. ProblemsOf(report, judgedDown, result, sessions.Failures)] };
    }

    private IEnumerable<string> ProblemsOf(BounceReport report, string[] judgedDown, StreamResult stream,
        IReadOnlyList<string> failures)
    {
        foreach (var missing in report.NotRestored)
            yield return missing;
        foreach (var server in report.NotServing)
            yield return $"at the end {server}";
        if (judgedDown.Length > 0)
            yield return $"{judgedDown.Length} times a server was judged down, and none had failed; the first: "
                + judgedDown[0];
        if (report.DatagramsLostOutsideOutages > 0)
            yield return $"{report.DatagramsLostOutsideOutages} datagrams were lost while nothing was missing that "
                + $"traffic needs; the first: {string.Join("; ", stream.FirstLost)}";
        if (report.DatagramsDuplicated > 0)
            yield return $"{report.DatagramsDuplicated} datagrams arrived more than once";
        if (report.DatagramsSent == 0)
            yield return "no datagram was sent";
        if (report.ConnectionsBroken > 0 || report.Connections < plan.Sessions.Count)
            yield return $"of {plan.Sessions.Count} connections {report.Connections} were opened, and "
                + $"{report.ConnectionsBroken} broke; the first: {string.Join("; ", failures)}";
        if (!report.RemovedOnPurpose.Noticed || report.RemovedOnPurpose.Lost == 0)
            yield return $"`{report.RemovedOnPurpose.Run}` was not repaired, and the lab "
                + $"{(report.RemovedOnPurpose.Noticed ? "noticed" : "did not notice")} it and missed "
                + $"{report.RemovedOnPurpose.Lost} datagrams: so the lab does not detect faults correctly";
        if (!run.Daemon.Identity.IsAlive())
            yield return $"the daemon has ended; its log ends with:\n{NamespaceProcess.Tail(run.Daemon.Log)}";
    }

    private static IReadOnlyList<string> NotServing(SidestepStatus status, IReadOnlyCollection<string> servers) =>
    [
        .. servers.Select(n => (Name: n, Status: status.Servers.GetValueOrDefault(n)))
            .Where(static s => s.Status is not { Slots: > 0, State: "serving" })
            .Select(static s => $"{s.Name} does not serve: {s.Status?.ToString() ?? "no status"}"),
    ];

    private async Task<Dictionary<string, HostState>> ReadAsync(CancellationToken cancel)
    {
        var states = new Dictionary<string, HostState>();
        foreach (var node in plan.Nodes)
            states.Add(node, await HostState.ReadAsync(run.Folder.Namespace(node), cancel));
        return states;
    }

    /// <summary>Agents get their spec, and links their IPv6 addresses, a moment after the start.</summary>
    private async Task WaitUntilSteadyAsync(CancellationToken cancel)
    {
        log("waiting until nothing changes any more");
        var (last, since) = (await ReadAsync(cancel), Stopwatch.StartNew());
        if (!await Wait.TryUntilAsync(async () =>
        {
            var now = await ReadAsync(cancel);
            if (!plan.Nodes.TrueForAll(n => now[n].Parts.SetEquals(last[n].Parts)))
                (last, since) = (now, Stopwatch.StartNew());
            return since.Elapsed > Steady;
        }, StartTimeout, cancel))
            throw new LabException("the kernel's state on the nodes does not become steady");
    }

    /// <summary>Checks that the lab notices what is not restored: ends the service that would do it, and removes a
    /// part.</summary>
    /// <returns>For each sender of datagrams to that node's services, its send times.</returns>
    private async Task<(bool Noticed, IReadOnlyList<IReadOnlyList<long>> Sent)> RemoveOnPurposeAsync(
        BounceRunner runner, int firstSender, CancellationToken cancel)
    {
        var removed = plan.RemovedOnPurpose;
        log($"{removed.Node}: {removed.Run}, which nothing restores");
        await run.EndServiceAsync(removed.Node, removed.Service);
        var traffic = new StreamTraffic { Senders = VictimSenders, Rate = VictimRate };
        using var victims = StreamProcess.Start(run, "victims", traffic, plan.Stream.To, firstSender);
        await victims.BegunAsync(cancel);
        await SystemCommand.RunAsync(run.Folder.Namespace(removed.Node).Enter("sh", "-c", removed.Run), cancel);
        await Task.Delay(WithoutPart, cancel);
        var noticed = (await runner.DifferencesAsync(removed.Node, cancel)).Count > 0;
        return (noticed, await victims.StopAsync(cancel));
    }

    /// <summary>Ends the servers, which then write their counts, and reads those.</summary>
    private async Task<StreamCounter> CollectCountsAsync(CancellationToken cancel)
    {
        var counter = new StreamCounter();
        RecordedProcess[] servers = [.. run.Folder.Record.Processes.Where(static p =>
            p.Service == ChurnScenario.ServerService)];
        await ProcessSignals.EndAsync([.. servers.Select(static s => s.Identity)]);
        foreach (var server in servers)
        {
            var path = Path.Combine(run.Folder.NodeFolder(server.Node), ChurnScenario.CountsFile);
            if (!await Wait.TryUntilAsync(() => File.Exists(path), StopTimeout, cancel))
                throw new LabException(
                    $"{server.Node} did not write {path}; its log ends with:\n{NamespaceProcess.Tail(server.Log)}");
            counter.Load(path);
        }
        return counter;
    }
}
