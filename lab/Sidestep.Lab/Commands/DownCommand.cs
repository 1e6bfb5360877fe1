using Sidestep.Lab.Runs;

namespace Sidestep.Lab.Commands;

internal static class DownCommand
{
    /// <param name="id">Only this run; null: all runs that `up` left.</param>
    public static async Task<int> RunAsync(string? id)
    {
        await RunCatalog.RemoveStaleAsync(ConsoleLog.Progress);
        foreach (var run in RunCatalog.All().Where(r => r.Record.IsDetached && (id is null || id == r.Id)))
        {
            ConsoleLog.Progress($"removing run {run.Id} ({run.Record.Topology})");
            await Teardown.RemoveAsync(run.Id, run.Record.Processes);
        }
        foreach (var run in RunCatalog.Usable().Where(r => !r.Record.IsDetached))
            ConsoleLog.Progress(
                $"run {run.Id} ({run.Record.Topology}) is still in use by process {run.Record.Owner.Id}, and stays");
        return 0;
    }
}
