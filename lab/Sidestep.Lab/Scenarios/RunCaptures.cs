using System.Net;
using Sidestep.Lab.Captures;
using Sidestep.Lab.Network;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// The captures of a run: at the far end of the director's cable, and at the far end of the clients'. They show
/// the path of the frames, independently of Sidestep's counters.
/// </summary>
internal sealed class RunCaptures
{
    private readonly LabRun _run;
    private readonly Capture _atDirector;
    private readonly Capture _atClient;
    private readonly LinkEnd _director;

    private RunCaptures(LabRun run, Capture atDirector, Capture atClient, LinkEnd director)
    {
        _run = run;
        _atDirector = atDirector;
        _atClient = atClient;
        _director = director;
    }

    /// <summary>Call this before any node can send to the VIP, so that the counts are complete.</summary>
    public static async Task<RunCaptures> StartAsync(LabRun run, CancellationToken cancel)
    {
        var topology = run.Topology;
        return new RunCaptures(
            run,
            await run.CaptureAsync("director", LinkEnd.Parse(topology.Director.Port), cancel),
            await run.CaptureAsync("client", LinkEnd.Parse(topology.Clients.Port), cancel),
            new LinkEnd(topology.Director.Node, topology.Director.Interface));
    }

    public Task<LinkState> DirectorLinkAsync(CancellationToken cancel) =>
        LinkState.ReadAsync(_run.Folder, _director, cancel);

    /// <summary>Counts the frames so far. Waits until no frame is in transit.</summary>
    public async Task<CapturedTotals> CountSoFarAsync(CancellationToken cancel, Outages? outages = null)
    {
        await _atDirector.WaitUntilIdleAsync(cancel);
        await _atClient.WaitUntilIdleAsync(cancel);
        return await CountAsync([], outages, cancel);
    }

    public async Task<CapturedTotals> FinishAsync(CancellationToken cancel)
    {
        string?[] problems = [await _atDirector.StopAsync(cancel), await _atClient.StopAsync(cancel)];
        return await CountAsync([.. problems.OfType<string>()], null, cancel);
    }

    private async Task<CapturedTotals> CountAsync(IReadOnlyList<string> problems, Outages? outages,
        CancellationToken cancel)
    {
        var clients = _run.Topology.Clients;
        var vips = _run.Topology.Vips.ConvertAll(IPAddress.Parse);
        var director = await DirectorLinkAsync(cancel);
        var client = await LinkState.ReadAsync(_run.Folder, new LinkEnd(clients.Node, clients.Interface), cancel);
        return new CapturedTotals(
            FrameCounter.OfFile(_atDirector.Path, vips, director.MacAddress, _run.Topology.DirectorAddresses, outages),
            FrameCounter.OfFile(_atClient.Path, vips, client.MacAddress),
            problems);
    }
}

/// <param name="Problems">Reasons not to trust the counts.</param>
internal sealed record CapturedTotals(FrameTotals AtDirector, FrameTotals AtClient, IReadOnlyList<string> Problems);
