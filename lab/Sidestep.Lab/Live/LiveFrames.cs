using Sidestep.Lab.Captures;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Live;

/// <summary>Live counts of the frames at the director's port and at the clients' port.</summary>
internal sealed class LiveFrames(LiveCapture director, LiveCapture client) : IAsyncDisposable
{
    public FrameTotals AtDirector => director.Counts.Now;

    public FrameTotals AtClient => client.Counts.Now;

    public static async Task<LiveFrames> StartAsync(LabRun run, CancellationToken cancel)
    {
        var (director, clients) = (run.Topology.Director, run.Topology.Clients);
        return new LiveFrames(
            await LiveCapture.StartAsync(run, "director", LinkEnd.Parse(director.Port),
                new LinkEnd(director.Node, director.Interface), cancel),
            await LiveCapture.StartAsync(run, "client", LinkEnd.Parse(clients.Port),
                new LinkEnd(clients.Node, clients.Interface), cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await director.DisposeAsync();
        await client.DisposeAsync();
    }
}
