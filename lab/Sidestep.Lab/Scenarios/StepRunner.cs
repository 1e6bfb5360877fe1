using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// Does things to the director while requests flow, and judges each by the requests that finish after it.
///
/// When a server comes or goes, some clients change their server: those of the slots that move. The director keeps no
/// flows yet, so a connection that such a client has open at that moment breaks; that is a known limit and not what is
/// judged here. So these clients - known beforehand, see <see cref="Membership"/> - finish what they have under way and
/// pause, the change is made, and they go on. All other clients send without a pause all through the change. Thus not
/// one request may fail, nothing is tried twice, and every single answer must come from the one right server.
/// A server that is removed keeps running, as one does that is taken out for maintenance.
/// </summary>
internal sealed class StepRunner(LabRun run, Membership membership, TrafficProcess traffic, Action<string> say)
{
    private const int FullRate = 400;

    // While something is under way the clients send more slowly, so that the change falls into the traffic also on a
    // slow machine, and still with requests in every moment of it.
    private const int ChangeRate = 100;

    private readonly List<StepReport> _reports = [];
    private List<string> _members = [];

    public IReadOnlyList<StepReport> Reports => _reports;

    public async Task RunAsync(IReadOnlyList<string> members, CancellationToken cancel)
    {
        _members = [.. members];
        traffic.Log.Expect(membership.Of(_members));
        foreach (var step in run.Topology.Steps)
        {
            if (_reports.Count == 0 && !await PassAsync(step.JudgedBy, cancel))
                break;
            await DoAsync(step, cancel);
        }
        foreach (var step in run.Topology.Steps.Skip(_reports.Count))
            _reports.Add(new StepReport(Title(step), traffic.Log.Now.Finished, 0, false, "the traffic ended before this step"));
        await traffic.SetRateAsync(FullRate);
    }

    private async Task DoAsync(RunStep step, CancellationToken cancel)
    {
        var before = traffic.Log.Now;
        await traffic.SetRateAsync(ChangeRate);
        var problem = await PerformAsync(step, cancel);
        await traffic.SetRateAsync(FullRate);

        var done = traffic.Log.Now;
        say($"{Title(step)}: done at request {done.Finished}");
        var judged = await PassAsync(step.JudgedBy, cancel);
        var after = traffic.Log.Now;
        problem ??= judged ? Judge(step, before, done, after) : $"the traffic ended {after.Finished - done.Finished} requests after the step, too early to judge it";
        _reports.Add(new StepReport(Title(step), done.Finished, after.Finished - done.Finished, problem is null, problem));
    }

    private async Task<string?> PerformAsync(RunStep step, CancellationToken cancel)
    {
        switch (step.Do)
        {
            case "kill-daemon":
                var daemon = run.Daemon.Identity;
                await Signals.SendAsync("KILL", [daemon]);
                return await Wait.TryUntilAsync(() => !daemon.IsAlive(), Patience.Seconds(5), cancel) ? null : "the daemon lives on";
            case "start-daemon":
                await run.StartDaemonAsync(cancel);
                return null;
            case "add-server":
                return await ChangeAsync([.. _members, step.Server], cancel);
            case "remove-server":
                return await ChangeAsync([.. _members.Where(m => m != step.Server)], cancel);
            default:
                throw new LabException($"{run.Topology.Name}: a step '{step.Do}' is unknown.");
        }
    }

    private async Task<string?> ChangeAsync(List<string> members, CancellationToken cancel)
    {
        var concerned = membership.ConcernedBy(_members, members);
        await traffic.HoldAsync(concerned, cancel);
        var problem = await membership.ChangeAsync(members, concerned, cancel);
        _members = members;
        traffic.Log.Expect(membership.Of(members));
        await traffic.ReleaseAsync();
        return problem;
    }

    private string? Judge(RunStep step, TrafficCounts before, TrafficCounts done, TrafficCounts after)
    {
        if (after.Failed > before.Failed)
            return $"{after.Failed - before.Failed} requests failed";
        if (after.Unexpected > before.Unexpected)
            return $"{after.Unexpected - before.Unexpected} requests were answered by another server than their client's";
        if (step.Do == "start-daemon" && !run.Daemon.Identity.IsAlive())
            return $"the daemon ended again; its log ends with:\n{NamespaceProcess.Tail(run.Daemon.Log)}";
        if (step.Do == "add-server" && after.Of(step.Server) == before.Of(step.Server))
            return $"{step.Server} answered nothing";
        if (step.Do == "remove-server" && after.Of(step.Server) > done.Of(step.Server))
            return $"{step.Server} still answered {after.Of(step.Server) - done.Of(step.Server)} requests";
        return null;
    }

    /// <returns>False when the traffic is over before that many requests have finished.</returns>
    private async Task<bool> PassAsync(int requests, CancellationToken cancel)
    {
        var target = traffic.Log.Now.Finished + requests;
        await Wait.TryUntilAsync(() => traffic.Log.Now.Finished >= target || traffic.Ended.IsCompleted, Patience.Seconds(60), cancel);
        return traffic.Log.Now.Finished >= target;
    }

    private static string Title(RunStep step) => step.Server.Length > 0 ? $"{step.Do} {step.Server}" : step.Do;
}
