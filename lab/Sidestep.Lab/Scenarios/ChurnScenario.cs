using System.Diagnostics;
using Sidestep.Lab.Captures;
using Sidestep.Lab.Network;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Runs;
using Sidestep.Lab.Sessions;
using Sidestep.Lab.Streams;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>`lab run` of a churn topology: connections and numbered datagrams must survive changes, kills and
/// restarts.</summary>
internal sealed class ChurnScenario(LabRun run, Churn churn, Action<string> log)
{
    /// <summary>Name of the servers' process in a churn topology.</summary>
    public const string ServerService = "serve";

    /// <summary>Name of the file, in the node's folder, to which that process writes its counts.</summary>
    public const string CountsFile = "counts.json";

    private const string SessionsName = "sessions";

    private static readonly TimeSpan OpenTimeout = ScaledTimeout.Seconds(60);
    private static readonly TimeSpan StopTimeout = ScaledTimeout.Seconds(30);
    private static readonly TimeSpan BreakTimeout = ScaledTimeout.Seconds(15);

    // Number and period of the sessions that the lab opens to break them.
    private const int VictimCount = 60;
    private const double VictimPeriod = 0.25;

    // Senders and datagrams per second that the lab sends to lose them, and the duration.
    private const int VictimSenders = 4;
    private const int VictimRate = 200;
    private static readonly TimeSpan WithoutService = TimeSpan.FromSeconds(1);

    public async Task<ChurnReport> RunAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        if (run.Topology.Steps.Exists(s => s.Do == "upgrade-daemon") && !File.Exists(LabPaths.OtherLayoutBuild.Daemon))
            throw new LabException(
                $"{LabPaths.OtherLayoutBuild.Daemon} is missing, a version with another layout of the tables: "
                    + "eng/other-layout.sh builds it, and so does `./sidestep lab`.");
        var file = new DirectorFile(run.DirectorConfiguration, churn.GeneratedServices);
        foreach (var name in run.Topology.StartWithout)
            file.Remove(name);
        file.HasDirectorSection = !await AcceptsSectionsAsync(cancel);
        file.Save();

        var observation = await RunCaptures.StartAsync(run, cancel);
        await run.StartServicesAsync(cancel);
        var statusWaiter = new StatusWaiter(run);
        await WaitForForwardingAsync(file, statusWaiter, cancel);
        var begin = await observation.CountSoFarAsync(cancel);

        log($"opening {churn.Sessions.Count:N0} connections from {churn.Sessions.To.Count} x the clients' addresses");
        using var sessions = SessionsProcess.Start(run, SessionsName, churn.Sessions);
        await sessions.OpenedAsync(OpenTimeout, cancel);
        using var stream = StreamProcess.Start(run, "stream", churn.Stream,
            [.. churn.Stream.To, .. churn.GeneratedServices?.Endpoints ?? []]);
        foreach (var service in churn.Sessions.To)
            await sessions.BeginShortAsync(service);

        var steps = new ChurnStepRunner(run, file, statusWaiter, sessions, log);
        await steps.RunAsync(cancel);

        log("every connection sends a last request and closes");
        var sent = await stream.StopAsync(cancel);
        var retransmitted = SocketTable.Retransmitted(run.Folder.Find(run.Topology.Clients.Node,
            SessionsName)!.Identity);
        var state = await sessions.StopAsync(StopTimeout, cancel);
        var link = await observation.DirectorLinkAsync(cancel);
        var services = (await SidestepStatus.QueryAsync(run, cancel)).Services.Count;
        var frames = await observation.CountSoFarAsync(cancel, steps.Outages);
        var lost = churn.LostOnPurpose.Length > 0
            ? await LoseOnPurposeAsync(file, statusWaiter, sent.Count, cancel) : null;
        var all = await observation.FinishAsync(cancel);
        var broken = await BreakOnPurposeAsync(file, cancel);
        var drops = Servers().Sum(p => SocketTable.BufferDrops(p.Identity));
        var counter = await CollectCountsAsync(cancel);
        var lostOnPurpose = lost is null ? null
            : new LostOnPurpose(churn.LostOnPurpose, lost.Sum(s => s.Count),
                counter.Evaluate(lost, steps.Outages, firstSender: sent.Count).Lost,
                NotForwarded(all.AtDirector - frames.AtDirector));
        var seen = new ChurnEvidence(
            state, sessions.Failures, sessions.ShortFailures, steps, begin, frames with { Problems = all.Problems },
                link, drops, retransmitted,
            counter.Evaluate(sent, steps.Outages), broken, lostOnPurpose, services, watch.Elapsed);
        return ChurnAnalysis.Report(run, churn, seen);
    }

    /// <summary>True if the build that starts first reads the sections <c>node</c> and <c>group</c>.</summary>
    private async Task<bool> AcceptsSectionsAsync(CancellationToken cancel) => run.Build == LabPaths.CurrentBuild
        || (await SystemCommand.TryRunAsync(
            [run.Build.Cli, "config", "check", run.DirectorConfiguration, "--offline"], cancel)).ExitCode == 0;

    private async Task WaitForForwardingAsync(DirectorFile file, StatusWaiter statusWaiter, CancellationToken cancel)
    {
        var servers = file.Servers.Except(run.Topology.StartWithout).ToArray();
        log($"waiting until the director forwards to {string.Join(", ", servers)}");
        var start = servers.Select(s => new RunStep { Do = "add-server", Server = s }).ToArray();
        if (await statusWaiter.WaitForStartAsync(start, cancel) is { } problem)
            throw new LabException(problem);
    }

    /// <summary>Checks that the lab detects losses: removes a service under datagrams, so that later ones are
    /// lost.</summary>
    /// <param name="firstSender">The first unused number of a sender.</param>
    /// <returns>For each sender, its send times.</returns>
    private async Task<IReadOnlyList<IReadOnlyList<long>>> LoseOnPurposeAsync(DirectorFile file,
        StatusWaiter statusWaiter, int firstSender, CancellationToken cancel)
    {
        var service = churn.LostOnPurpose;
        log($"removing {service} under datagrams, which must be lost");
        var plan = new StreamTraffic { Senders = VictimSenders, Rate = VictimRate };
        using var victims = StreamProcess.Start(run, "lost", plan, [file.Endpoint(service)], firstSender);
        await victims.BegunAsync(cancel);
        file.Remove(service);
        file.Save();
        if (await statusWaiter.WaitForChangeAsync(new RunStep { Do = "remove-service", Service = service },
            cancel) is { } problem)
            throw new LabException(problem);
        await Task.Delay(WithoutService, cancel);
        return await victims.StopAsync(cancel);
    }

    private static long NotForwarded(FrameTotals totals)
        => totals.RequestsIn.Frames - totals.RequestsOut.Frames - totals.EncapsulatedOut.Frames;

    /// <summary>Checks that the lab detects breaks: disables a server under sessions.</summary>
    private async Task<BrokenOnPurpose> BreakOnPurposeAsync(DirectorFile file, CancellationToken cancel)
    {
        var server = churn.BrokenOnPurpose;
        log($"disabling {server} under connections, which must break");
        var plan = new SessionTraffic { To = churn.Sessions.To, Count = VictimCount, Period = VictimPeriod };
        using var victims = SessionsProcess.Start(run, "victims", plan);
        await victims.OpenedAsync(OpenTimeout, cancel);
        var had = victims.State.PerServer.GetValueOrDefault(server);
        file.Set(server, "state", "disabled");
        file.Save();
        await Wait.TryUntilAsync(() => victims.State.Broken >= had, BreakTimeout, cancel);
        var state = await victims.StopAsync(StopTimeout, cancel);
        return new BrokenOnPurpose(server, had, state.Broken);
    }

    /// <summary>Ends the servers, which then write their counts, and reads those.</summary>
    private async Task<StreamCounter> CollectCountsAsync(CancellationToken cancel)
    {
        var counter = new StreamCounter();
        await ProcessSignals.EndAsync([.. Servers().Select(s => s.Identity)]);
        foreach (var server in Servers())
        {
            var path = Path.Combine(run.Folder.NodeFolder(server.Node), CountsFile);
            if (!await Wait.TryUntilAsync(() => File.Exists(path), BreakTimeout, cancel))
                throw new LabException(
                    $"{server.Node} did not write {path}; its log ends with:\n{NamespaceProcess.Tail(server.Log)}");
            counter.Load(path);
        }
        return counter;
    }

    private IReadOnlyList<RecordedProcess> Servers()
        => [.. run.Folder.Record.Processes.Where(p => p.Service == ServerService)];
}

/// <summary>The observations of a churn run, before the evaluation.</summary>
internal sealed record ChurnEvidence(
    SessionsState Sessions,
    IReadOnlyList<string> Failures,
    IReadOnlyList<string> ShortFailures,
    ChurnStepRunner Steps,
    CapturedTotals Begin,
    CapturedTotals Frames,
    LinkState DirectorLink,
    long SocketBufferDrops,
    long SegmentsRetransmitted,
    StreamResult Stream,
    BrokenOnPurpose BrokenOnPurpose,
    LostOnPurpose? LostOnPurpose,
    int Services,
    TimeSpan Elapsed)
{
    public long FramesIn => AtDirector.RequestsIn.Frames;

    public long FramesOut => AtDirector.RequestsOut.Frames + AtDirector.EncapsulatedOut.Frames;

    public long FramesInWithoutDaemon => AtDirector.RequestsWithoutDaemon.Frames;

    private FrameTotals AtDirector => Frames.AtDirector - Begin.AtDirector;
}
