using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Views;

/// <summary>The view for a pipe or a log: a line now and then.</summary>
internal static class PlainTextView
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public static async Task ShowAsync(LiveSource source, CancellationToken cancel)
    {
        Console.WriteLine(TopologyReader.Drawing(source.Topology));
        while (true)
        {
            await Task.Delay(Interval, cancel);
            var state = await source.ReadAsync(cancel);
            var servers = string.Join(' ', state.Traffic.PerServer.Select(s => $"{s.Key}={s.Value}"));
            Console.WriteLine(
                $"answered {state.Traffic.Ok} failed {state.Traffic.Failed} ({servers}); "
                + $"into the director {state.RequestsToDirector}; replies at the director {state.RepliesAtDirector.Frames}; "
                + $"replies at the client {state.RepliesAtClient}; driver {state.Driver}"
                + (state.LastFailure is null ? "" : $"; last failure: {state.LastFailure}"));
        }
    }
}
