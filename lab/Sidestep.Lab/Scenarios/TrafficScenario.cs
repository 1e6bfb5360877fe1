using System.Diagnostics;
using Sidestep.Lab.Captures;
using Sidestep.Lab.Network;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>`lab run`: sends a fixed amount of traffic through a topology and evaluates it.</summary>
internal sealed class TrafficScenario(LabRun run, Action<string> log)
{
    public const int Requests = 2000;
    public const int Datagrams = 1000;
    public const int Uploads = 20;
    public const int MinClients = 200;

    public const int Concurrency = 8;
    private const int Rate = 400;

    public async Task<TrafficReport> RunAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var file = new DirectorFile(run.DirectorConfiguration);
        IReadOnlyList<string> members = [.. file.Servers.Except(run.Topology.StartWithout)];
        file.SetServers(members);
        file.Save();

        var observation = await RunCaptures.StartAsync(run, cancel);
        await run.StartServicesAsync(cancel);
        var assignments = new ServerAssignments(run, file);
        await LearnAssignmentsAsync(assignments, members, cancel);

        // Requests are lost until the director forwards. Counters that must match start here.
        var start = new TrafficBaseline(await observation.CountSoFarAsync(cancel),
            await SidestepStatus.QueryAsync(run, cancel));

        using var requests = TrafficProcess.StartHttp(run, Requests, Concurrency, Rate);
        var steps = new TrafficStepRunner(run, assignments, file, requests, log);
        using (var progress = new ProgressReporter(requests, Requests, "HTTP requests", log))
        {
            await steps.RunAsync(members, cancel);
            await requests.Ended.WaitAsync(cancel);
        }
        using var uploads = TrafficProcess.StartHttp(run, Uploads, Concurrency, Rate, upload: true);
        await uploads.Ended.WaitAsync(cancel);
        using var datagrams = TrafficProcess.StartUdp(run, Datagrams);
        using (var progress = new ProgressReporter(datagrams, Datagrams, "UDP datagrams", log))
            await datagrams.Ended.WaitAsync(cancel);

        log("counting the captured frames");
        var link = await observation.DirectorLinkAsync(cancel);
        var frames = await observation.FinishAsync(cancel);
        var status = await SidestepStatus.QueryAsync(run, cancel);
        return TrafficAnalysis.Report(run,
            new TrafficEvidence(members, requests.Log, uploads.Log, datagrams.Log, steps.Reports, start, frames, link,
                status, watch.Elapsed));
    }

    /// <summary>Applies every set of servers once without traffic, to learn the assignments. The last one is the set at
    /// the start.</summary>
    private async Task LearnAssignmentsAsync(ServerAssignments assignments, IReadOnlyList<string> start,
        CancellationToken cancel)
    {
        log($"waiting until the director forwards to {string.Join(", ", start)}");
        var sets = new List<IReadOnlyList<string>> { start };
        foreach (var step in run.Topology.Steps)
        {
            if (step.Do == "add-server")
                sets.Add([.. sets[^1], step.Server]);
            if (step.Do == "remove-server")
                sets.Add([.. sets[^1].Where(s => s != step.Server)]);
        }
        foreach (var set in sets)
            await assignments.LearnAsync(set, cancel);
        if (sets.Count > 1)
            await assignments.LearnAsync(start, cancel);
    }
}

/// <summary>The observations of a run, before the evaluation.</summary>
internal sealed record TrafficEvidence(
    IReadOnlyList<string> Members,
    TrafficLog Requests,
    TrafficLog Uploads,
    TrafficLog Datagrams,
    IReadOnlyList<StepReport> Steps,
    TrafficBaseline Start,
    CapturedTotals Frames,
    LinkState DirectorLink,
    SidestepStatus Status,
    TimeSpan Elapsed)
{
    public FrameTotals AtDirector => Frames.AtDirector - Start.Frames.AtDirector;

    public FrameTotals AtClient => Frames.AtClient - Start.Frames.AtClient;

    public long CountedBySidestep => Status.Packets - Start.Status.Packets;
}

/// <summary>The counters at the start of the traffic.</summary>
internal sealed record TrafficBaseline(CapturedTotals Frames, SidestepStatus Status);
