using Sidestep.Lab.Faults;
using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Commands;

internal static class RunCommand
{
    private const int UsualLimit = 300, FaultsLimit = 1200;

    /// <param name="seconds">After which the run is given up; null: as usual.</param>
    public static async Task<int> RunAsync(Topology topology, bool json, int? seconds)
    {
        var limit = seconds is { } wanted ? TimeSpan.FromSeconds(wanted) : Patience.Seconds(topology.Faults ? FaultsLimit : UsualLimit);
        using var interruption = new Interruption();
        using var time = CancellationTokenSource.CreateLinkedTokenSource(interruption.Token);
        time.CancelAfter(limit);
        try
        {
            var report = await RunAsync(topology, time.Token);
            if (json)
                Console.WriteLine(report.ToJson());
            else
                report.Write();
            foreach (var problem in report.Problems)
                Say.Error(problem);
            return report.Ok ? 0 : 1;
        }
        catch (OperationCanceledException) when (!interruption.Token.IsCancellationRequested)
        {
            throw new LabException($"{topology.Name} did not finish within {limit.TotalSeconds:0} s (--time-limit); see the logs in {KeptEvidence.FolderFor(topology)}.");
        }
    }

    private static async Task<IReport> RunAsync(Topology topology, CancellationToken cancel)
    {
        var run = await LabRun.CreateAsync(topology, Say.Progress, cancel);
        var well = false;
        try
        {
            IReport report = topology switch
            {
                { Faults: true } => await new FaultScenario(run, Say.Progress).RunAsync(cancel),
                { Churn: { } churn } => await new ChurnScenario(run, churn, Say.Progress).RunAsync(cancel),
                { Health: { } health } => await new HealthScenario(run, health, Say.Progress).RunAsync(cancel),
                _ => await new TrafficScenario(run, Say.Progress).RunAsync(cancel),
            };
            well = report.Ok;
            return report;
        }
        finally
        {
            if (!well)
                KeptEvidence.Keep(run, Say.Progress);
            Say.Progress($"removing run {run.Folder.Id}");
            await run.RemoveAsync();
        }
    }
}
