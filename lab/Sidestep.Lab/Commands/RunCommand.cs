using Sidestep.Lab.Bounces;
using Sidestep.Lab.Faults;
using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Commands;

internal static class RunCommand
{
    private const int DefaultLimit = 600, LongLimit = 1200;

    /// <param name="seconds">Time limit of the run; null: the default.</param>
    public static async Task<int> RunAsync(Topology topology, bool json, int? seconds)
    {
        var limit = seconds is { } given
            ? TimeSpan.FromSeconds(given) : ScaledTimeout.Seconds(topology.Faults || topology.Bounce is not null
                ? LongLimit + 60 * (topology.Bounce?.Minutes ?? 0) : DefaultLimit);
        using var shutdown = new ShutdownSignal();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(shutdown.Token);
        timeout.CancelAfter(limit);
        try
        {
            var report = await RunAsync(topology, timeout.Token);
            if (json)
                Console.WriteLine(report.ToJson());
            else
                report.Write();
            foreach (var problem in report.Problems)
                ConsoleLog.Error(problem);
            return report.Ok ? 0 : 1;
        }
        catch (OperationCanceledException) when (!shutdown.Token.IsCancellationRequested)
        {
            throw new LabException(
                $"{topology.Name} did not finish within {limit.TotalSeconds:0} s (--time-limit); see the logs in "
                    + $"{FailureArtifacts.FolderFor(topology)}.");
        }
    }

    private static async Task<IRunReport> RunAsync(Topology topology, CancellationToken cancel)
    {
        var run = await LabRun.CreateAsync(topology, ConsoleLog.Progress, cancel);
        var succeeded = false;
        try
        {
            IRunReport report = topology switch
            {
                { Faults: true } => await new FaultScenario(run, ConsoleLog.Progress).RunAsync(cancel),
                { Bounce: { } bounce } => await new BounceScenario(run, bounce, ConsoleLog.Progress).RunAsync(cancel),
                { Churn: { } churn } => await new ChurnScenario(run, churn, ConsoleLog.Progress).RunAsync(cancel),
                { Health: { } health } => await new HealthScenario(run, health, ConsoleLog.Progress).RunAsync(cancel),
                _ => await new TrafficScenario(run, ConsoleLog.Progress).RunAsync(cancel),
            };
            succeeded = report.Ok;
            return report;
        }
        finally
        {
            if (!succeeded)
                FailureArtifacts.Save(run, ConsoleLog.Progress);
            ConsoleLog.Progress($"removing run {run.Folder.Id}");
            await run.RemoveAsync();
        }
    }
}
