using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;
using Sidestep.Lab.Views;
using Spectre.Console;

namespace Sidestep.Lab.Commands;

/// <summary>A topology with gentle traffic, until Ctrl-C.</summary>
internal static class WatchCommand
{
    private const int Rate = 20;
    private const int Concurrency = 4;

    public static async Task<int> RunAsync(Topology topology)
    {
        if (topology.Churn is not null)
            throw new LabException($"{topology.Name} has no requests to watch: ./sidestep lab run {topology.Name} says what it does while it runs.");
        using var shutdown = new ShutdownSignal();
        var run = await LabRun.CreateAsync(topology, ConsoleLog.Progress, shutdown.Token);
        try
        {
            await using var frames = await LiveFrames.StartAsync(run, shutdown.Token);
            await run.StartServicesAsync(shutdown.Token);
            using var traffic = TrafficProcess.StartHttp(run, 0, Concurrency, Rate);
            var source = new LiveSource(run, traffic, frames);
            if (AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected)
                await LiveView.ShowAsync(source, shutdown.Token);
            else
                await PlainTextView.ShowAsync(source, shutdown.Token);
            return 0;
        }
        catch (OperationCanceledException) when (shutdown.Token.IsCancellationRequested)
        {
            // Ctrl-C is how this command is meant to end.
            return 0;
        }
        finally
        {
            ConsoleLog.Progress($"removing run {run.Folder.Id}");
            await run.RemoveAsync();
        }
    }
}
