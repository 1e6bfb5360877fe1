using Sidestep.Lab.Live;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Commands;

/// <summary>The live view: a topology with gentle traffic, until the reader quits.</summary>
internal static class WatchCommand
{
    public static async Task<int> RunAsync(Topology topology)
    {
        if (topology.Churn is not null)
            throw new LabException(
                $"{topology.Name} sends no HTTP requests, so it has no live view; use ./sidestep lab run "
                    + $"{topology.Name}.");
        using var shutdown = new ShutdownSignal();
        Action<string> log = ConsoleLog.Progress;
        // Not the delegate itself: it changes when the view begins.
        var run = await LabRun.CreateAsync(topology, text => log(text), shutdown.Token);
        try
        {
            await using var frames = await LiveFrames.StartAsync(run, shutdown.Token);
            await run.StartServicesAsync(shutdown.Token);
            // Lines on standard error would destroy the screen, and the events of the view say the same.
            log = static _ => { };
            if (Console.IsOutputRedirected)
                await PrintAsync(run, frames, shutdown.Token);
            else
                await DrawAsync(run, frames, shutdown.Token);
            return 0;
        }
        catch (OperationCanceledException) when (shutdown.Token.IsCancellationRequested)
        {
            // Ctrl-C quits, like the key q.
            return 0;
        }
        finally
        {
            ConsoleLog.Progress($"removing run {run.Folder.Id}");
            await run.RemoveAsync();
        }
    }

    private static async Task PrintAsync(LabRun run, LiveFrames frames, CancellationToken cancel)
    {
        Console.WriteLine(TopologyReader.Drawing(run.Topology));
        var events = new EventLog(TimeProvider.System, happened => Console.WriteLine(PlainReport.Event(happened)));
        await new LiveSession(run, frames, events, screen: null).RunAsync(cancel);
    }

    private static async Task DrawAsync(LabRun run, LiveFrames frames, CancellationToken cancel)
    {
        var events = new EventLog(TimeProvider.System);
        await using var output = Console.OpenStandardOutput();
        using var screen = new TerminalScreen(output);
        await new LiveSession(run, frames, events, screen).RunAsync(cancel);
    }
}
