using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// Runs the steps of a topology while requests flow, and evaluates each by the requests that finish after it.
///
/// Traffic does not pause for a change: no request may fail, nothing is retried, and every response must come from the
/// right server. During a change the servers from before and from after it are right. Afterwards only the server from
/// after it is right, except for requests that were in transit.
/// A removed server keeps running, like one that is removed for maintenance.
/// </summary>
internal sealed class TrafficStepRunner(LabRun run, ServerAssignments assignments, DirectorFile file,
    TrafficProcess traffic, Action<string> log)
{
    private const int FullRate = 400;

    // During a step the clients send more slowly, so that the step falls into the traffic even on a slow machine. The
    // rate is still high enough for requests at every moment of the step.
    private const int ChangeRate = 40;

    private readonly List<StepReport> _reports = [];
    private List<string> _members = [];

    public IReadOnlyList<StepReport> Reports => _reports;

    public async Task RunAsync(IReadOnlyList<string> members, CancellationToken cancel)
    {
        _members = [.. members];
        traffic.Log.Expect(assignments.Of(_members));
        foreach (var step in run.Topology.Steps)
        {
            if (_reports.Count == 0 && !await WaitForRequestsAsync(step.RequestsAfter, cancel))
                break;
            await DoAsync(step, cancel);
        }
        foreach (var step in run.Topology.Steps.Skip(_reports.Count))
            _reports.Add(new StepReport(step.Title, traffic.Log.Now.Finished, 0, false,
                "the traffic ended before this step"));
        await traffic.SetRateAsync(FullRate);
    }

    private async Task DoAsync(RunStep step, CancellationToken cancel)
    {
        var before = traffic.Log.Now;
        if (run.Topology.EngineOverride is { DaemonForwards: true } && (step.Do is "kill-daemon" or "start-daemon"))
        {
            _reports.Add(new StepReport(step.Title, before.Finished, 0, true,
                "skipped: this engine forwards only while its daemon runs"));
            return;
        }
        await traffic.SetRateAsync(ChangeRate);
        var problem = await PerformAsync(step, cancel);
        await traffic.SetRateAsync(FullRate);

        var done = traffic.Log.Now;
        log($"{step.Title}: done at request {done.Finished}");
        // Requests in transit may still come from the server from before the change.
        var completed = await WaitForRequestsAsync(TrafficScenario.Concurrency, cancel);
        traffic.Log.Expect(assignments.Of(_members));
        completed = completed && await WaitForRequestsAsync(step.RequestsAfter, cancel);
        var after = traffic.Log.Now;
        problem ??= completed
            ? Evaluate(step, before, after)
            : $"the traffic ended {after.Finished - done.Finished} requests after the step, too early to evaluate it";
        _reports.Add(new StepReport(step.Title, done.Finished, after.Finished - done.Finished, problem is null,
            problem));
    }

    private async Task<string?> PerformAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "kill-daemon":
                return await run.KillDaemonAsync(cancel) ? null : "the daemon still runs";
            case "start-daemon":
                await run.StartDaemonAsync(cancel);
                return null;
            case "add-server":
                file.Add(step.Server);
                return await ChangeAsync(step, [.. _members, step.Server], cancel);
            case "drain-server":
                file.Set(step.Server, "state", "draining");
                return await ChangeAsync(step, [.. _members.Where(m => m != step.Server)], cancel);
            case "remove-server":
                file.Remove(step.Server);
                return await ChangeAsync(step, [.. _members.Where(m => m != step.Server)], cancel);
            default:
                throw new LabException($"{run.Topology.Name}: the step '{step.Do}' is unknown in this kind of run.");
        }
    }

    private async Task<string?> ChangeAsync(RunStep step, List<string> members, CancellationToken cancel)
    {
        var affected = assignments.AffectedBy(_members, members);
        traffic.Log.Expect(assignments.Of(_members), assignments.Of(members));
        file.Save();
        _members = members;
        // A drained server has no clients, so no traffic shows its removal.
        return affected.Count == 0
            ? await new StatusWaiter(run).WaitForChangeAsync(step, cancel)
            : await assignments.WaitUntilAppliedAsync(members, affected, cancel);
    }

    private string? Evaluate(RunStep step, TrafficCounts before, TrafficCounts after)
    {
        if (after.Failed > before.Failed)
            return $"{after.Failed - before.Failed} requests failed";
        if (after.Unexpected > before.Unexpected)
            return $"{after.Unexpected - before.Unexpected} requests were answered by another server than the client's";
        if (step.Do == "start-daemon" && !run.Daemon.Identity.IsAlive())
            return $"the daemon has ended; its log ends with:\n{NamespaceProcess.Tail(run.Daemon.Log)}";
        if (step.Do == "add-server" && after.Of(step.Server) == before.Of(step.Server))
            return $"{step.Server} answered no request";
        return null;
    }

    /// <returns>False if the traffic ends before that many requests have finished.</returns>
    private async Task<bool> WaitForRequestsAsync(int requests, CancellationToken cancel)
    {
        var target = traffic.Log.Now.Finished + requests;
        await Wait.TryUntilAsync(() =>
            traffic.Log.Now.Finished >= target || traffic.Ended.IsCompleted, ScaledTimeout.Seconds(60), cancel);
        return traffic.Log.Now.Finished >= target;
    }
}
