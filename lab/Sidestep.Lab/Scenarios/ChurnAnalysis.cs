using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>Evaluates the observations of a churn run. Each problem contains a hint where to look.</summary>
internal static class ChurnAnalysis
{
    public static ChurnReport Report(LabRun run, Churn churn, ChurnEvidence seen) => new()
    {
        Topology = run.Topology.Name,
        Connections = seen.Sessions.Opened,
        ConnectionsBroken = seen.Sessions.Broken,
        QuietConnections = churn.Sessions.QuietCount,
        Responses = seen.Sessions.Responses,
        PerServer = seen.Sessions.PerServer,
        ShortConnections = seen.Sessions.ShortOk,
        ShortConnectionsFailed = seen.Sessions.ShortFailed,
        ShortPerServer = seen.Sessions.ShortPerServer,
        Changes = seen.Steps.Changes,
        DaemonKills = seen.Steps.Kills,
        DaemonRestarts = seen.Steps.Restarts,
        Upgrades = seen.Steps.Upgrades,
        TakeOver = seen.Steps.TakeOver,
        Services = seen.Services,
        PacketsSent = seen.Stream.Sent,
        PacketsLost = seen.Stream.Lost,
        PacketsLostWithoutDaemon = seen.Stream.LostWithoutDaemon,
        SecondsWithoutDaemon = seen.Steps.Outages.Seconds,
        PacketsDuplicated = seen.Stream.Duplicated,
        SocketBufferDrops = seen.SocketBufferDrops,
        SegmentsRetransmitted = seen.SegmentsRetransmitted,
        FramesToVipAtDirector = seen.FramesIn,
        FramesForwardedByDirector = seen.FramesOut,
        FramesWithVipSourceAtDirector = seen.Frames.AtDirector.Replies.Frames,
        BrokenOnPurpose = seen.BrokenOnPurpose,
        LostOnPurpose = seen.LostOnPurpose,
        Engine = seen.DirectorLink.Engine,
        Driver = seen.DirectorLink.Driver,
        Events = seen.Steps.Reports,
        Seconds = Math.Round(seen.Elapsed.TotalSeconds, 1),
        Problems = [.. Connections(churn, seen), .. Steps(run, seen), .. Datagrams(seen), .. Frames(run, seen)],
    };

    private static IEnumerable<string> Connections(Churn churn, ChurnEvidence seen)
    {
        var sessions = seen.Sessions;
        if (sessions.Broken > 0)
            yield return $"{sessions.Broken} of {churn.Sessions.Count} connections broke; the first: "
                + $"{string.Join("; ", seen.Failures)}";
        if (sessions.Opened + sessions.Broken < churn.Sessions.Count || sessions.Closed
            + sessions.Broken < sessions.Opened)
            yield return $"of {churn.Sessions.Count} connections {sessions.Opened} were opened and {sessions.Closed} "
                + "closed in the end";
        if (sessions.ShortFailed > 0)
            yield return $"{sessions.ShortFailed} short connections failed; the first: "
                + $"{string.Join("; ", seen.ShortFailures)}";
        if (sessions.ShortOk == 0)
            yield return "no short connection was completed";
        var (server, had, broken) = seen.BrokenOnPurpose;
        // Sessions of other servers must not break.
        if (had == 0 || broken != had)
            yield return $"{server} was disabled under {had} connections, and the lab saw {broken} of them break: so "
                + "the lab does not detect breaks correctly";
    }

    private static IEnumerable<string> Steps(LabRun run, ChurnEvidence seen)
    {
        foreach (var step in seen.Steps.Reports.Where(s => !s.Ok))
            yield return $"{step.Step}, {step.AtSecond} s after the first: {step.Problem}";
        if (!run.Daemon.Identity.IsAlive())
            yield return $"the daemon has ended; its log ends with:\n{Processes.NamespaceProcess.Tail(run.Daemon.Log)}";
    }

    private static IEnumerable<string> Datagrams(ChurnEvidence seen)
    {
        var stream = seen.Stream;
        if (stream.Sent == 0)
            yield return "no datagram was sent";
        if (stream.Lost > 0)
            yield return $"{stream.Lost} of {stream.Sent} datagrams reached no server; the first: "
                + $"{string.Join("; ", stream.FirstLost)}";
        if (stream.Duplicated > 0)
            yield return $"{stream.Duplicated} datagrams arrived more than once";
        // Without the service the director passes the datagrams to its kernel, which drops them: so those that the
        // capture did not see leave the director are lost.
        if (seen.LostOnPurpose is { } lostOnPurpose
            && (lostOnPurpose.Lost == 0 || lostOnPurpose.Lost != lostOnPurpose.NotForwarded))
            yield return $"{lostOnPurpose.Service} was removed under {lostOnPurpose.Sent} datagrams; "
                + $"{lostOnPurpose.NotForwarded} did not leave the director, and the lab missed {lostOnPurpose.Lost}: "
                + "so the lab does not detect losses correctly";
        if (seen.SocketBufferDrops > 0)
            yield return $"{seen.SocketBufferDrops} datagrams were dropped at a full socket buffer of a server: the "
                + "machine is too slow for this run";
    }

    private static IEnumerable<string> Frames(LabRun run, ChurnEvidence seen)
    {
        foreach (var problem in seen.Frames.Problems)
            yield return problem;
        var port = run.Topology.Director.Port;
        // A capture that sees no requests would see no replies either, so zero replies would prove nothing.
        if (seen.FramesIn == 0)
            yield return $"the capture at {port} saw no frame to a VIP: look at director.port in the topology";
        // Frames that arrived while nothing forwarded did not leave; all others did.
        if (seen.FramesIn < seen.FramesOut || seen.FramesIn - seen.FramesOut > seen.FramesInWithoutDaemon)
            yield return $"of {seen.FramesIn} frames to VIPs that reached the director {seen.FramesOut} left it: look "
                + "at `sidestep status` for drops";
        if (seen.Frames.AtDirector.Replies.Frames != 0)
            yield return $"{seen.Frames.AtDirector.Replies} with a VIP as source at {port}: replies do not bypass the "
                + "director; look at the servers' default routes and at captures/director.pcap";
        if (seen.DirectorLink.Driver == "none")
            yield return $"no driver receives frames from {run.Topology.Director.Interface} of the director: look at "
                + "the daemon's log";
        if (run.Topology.EngineOverride is { Driver: not "auto" } requested
            && requested.Driver != seen.DirectorLink.Driver)
            yield return $"{requested.Driver} was requested, but {seen.DirectorLink.Driver} is in use";
    }
}
