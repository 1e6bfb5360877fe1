using Sidestep.Lab.Captures;
using Sidestep.Lab.Network;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Views;

/// <summary>One look at a topology at work.</summary>
internal sealed record LiveState(
    TrafficCounts Traffic,
    FrameVolume RequestsToDirector,
    FrameVolume ForwardedByDirector,
    FrameVolume RepliesAtDirector,
    FrameVolume RepliesAtClient,
    string Driver,
    bool DaemonRuns,
    string? LastFailure);

/// <summary>Where the views get their looks.</summary>
internal sealed class LiveSource(LabRun run, TrafficProcess traffic, LiveFrames frames)
{
    public Topology Topology => run.Topology;

    public string RunId => run.Folder.Id;

    public async Task<LiveState> ReadAsync(CancellationToken cancel)
    {
        if (traffic.Ended.IsCompleted)
        {
            await traffic.Ended;
            throw new LabException("The traffic process ended by itself.");
        }
        var director = new LinkEnd(Topology.Director.Node, Topology.Director.Interface);
        var link = await LinkState.ReadAsync(run.Folder, director, cancel);
        var forwarded = Topology.Encapsulation == "none" ? frames.AtDirector.RequestsOut : frames.AtDirector.EncapsulatedOut;
        return new LiveState(
            traffic.Log.Now,
            frames.AtDirector.RequestsIn,
            forwarded,
            frames.AtDirector.Replies,
            frames.AtClient.Replies,
            link.Driver,
            run.Daemon.Identity.IsAlive(),
            traffic.Log.Failures is [.., var last] ? last : null);
    }
}
