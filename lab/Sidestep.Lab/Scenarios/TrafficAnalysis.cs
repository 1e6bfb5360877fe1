using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>Evaluates the observations of a run. Each problem contains a hint where to look.</summary>
internal static class TrafficAnalysis
{
    public static TrafficReport Report(LabRun run, TrafficEvidence seen)
    {
        var (requests, uploads, datagrams) = (seen.Requests.Now, seen.Uploads.Now, seen.Datagrams.Now);
        var (director, client) = (seen.AtDirector, seen.AtClient);
        return new TrafficReport
        {
            Topology = run.Topology.Name,
            RequestsOk = requests.Ok,
            RequestsFailed = TrafficScenario.Requests - requests.Ok,
            RequestsAtUnexpectedServer = requests.Unexpected,
            UploadsOk = uploads.Ok,
            UploadsFailed = TrafficScenario.Uploads - uploads.Ok,
            UdpOk = datagrams.Ok,
            UdpFailed = TrafficScenario.Datagrams - datagrams.Ok,
            ClientAddresses = requests.Sources,
            PerServer = requests.PerServer,
            PerServerOverIpv6 = requests.PerServerOverIpv6,
            FramesWithVipSourceAtDirector = seen.Frames.AtDirector.Replies.Frames,
            FramesToVipAtDirector = director.RequestsIn.Frames,
            FramesForwardedByDirector = director.RequestsOut.Frames + director.EncapsulatedOut.Frames,
            EncapsulatedFramesFromDirector = director.EncapsulatedOut.Frames,
            BytesThroughDirector = director.RequestsIn.Bytes,
            FramesWithVipSourceAtClient = client.Replies.Frames,
            BytesToClient = client.Replies.Bytes,
            FramesCountedBySidestep = seen.CountedBySidestep,
            Engine = seen.DirectorLink.Engine,
            Driver = seen.DirectorLink.Driver,
            Events = seen.Steps,
            Seconds = Math.Round(seen.Elapsed.TotalSeconds, 1),
            Problems = [.. Responses(run, seen), .. Frames(run, seen), .. Director(run, seen)],
        };
    }

    private static IEnumerable<string> Responses(LabRun run, TrafficEvidence seen)
    {
        var requests = seen.Requests.Now;
        if (requests.Ok != TrafficScenario.Requests)
            yield return $"{TrafficScenario.Requests - requests.Ok} of {TrafficScenario.Requests} HTTP requests "
                + $"failed; the first: {First(seen.Requests)}";
        if (requests.Unexpected > 0)
            yield return $"{requests.Unexpected} HTTP requests were answered by another server than UDP from the same "
                + $"client: {First(seen.Requests)}";
        if (requests.Sources < TrafficScenario.MinClients)
            yield return $"requests came from only {requests.Sources} client addresses: look at the addresses of "
                + $"{run.Topology.Clients.Node} in the topology";
        // Without any frame the comparison would prove nothing.
        foreach (var (server, all) in requests.PerServer.Where(_ => run.Topology.Vips.Count > 1))
        {
            var over6 = requests.PerServerOverIpv6.GetValueOrDefault(server);
            if (over6 == 0 || over6 == all)
                yield return $"{server} answered {over6} requests over IPv6 and {all - over6} over IPv4: both must "
                    + "reach every server";
        }
        foreach (var server in seen.Members.Where(m => !requests.PerServer.ContainsKey(m)))
            yield return $"{server} answered no request";
        if (seen.Uploads.Now.Ok != TrafficScenario.Uploads)
            yield return $"{TrafficScenario.Uploads - seen.Uploads.Now.Ok} of {TrafficScenario.Uploads} uploads "
                + $"failed; when they hang, look at the MTU between director and servers: {First(seen.Uploads)}";
        if (seen.Datagrams.Now.Ok != TrafficScenario.Datagrams)
            yield return $"{TrafficScenario.Datagrams - seen.Datagrams.Now.Ok} of {TrafficScenario.Datagrams} UDP "
                + $"datagrams were not echoed: {First(seen.Datagrams)}";
        foreach (var step in seen.Steps.Where(s => !s.Ok))
            yield return $"{step.Step} at request {step.AtRequest}: {step.Problem}";
    }

    private static IEnumerable<string> Frames(LabRun run, TrafficEvidence seen)
    {
        foreach (var problem in seen.Frames.Problems)
            yield return problem;
        var (director, client) = (seen.AtDirector, seen.AtClient);
        var port = run.Topology.Director.Port;
        // A capture that sees no requests would see no replies either, so zero replies would prove nothing.
        if (director.RequestsIn.Frames == 0)
            yield return $"the capture at {port} saw no frame to the VIP, so it cannot show that no reply passed: look "
                + "at director.port in the topology";
        if (seen.Frames.AtDirector.Replies.Frames != 0)
            yield return $"{seen.Frames.AtDirector.Replies} with the VIP as source at the director's port: replies do "
                + "not bypass it; look at the servers' default routes and at captures/director.pcap";
        if (client.Replies.Frames == 0)
            yield return $"no reply from the VIP was seen at {run.Topology.Clients.Port}";

        var (right, wrong, what) = run.Topology.Encapsulation == "none"
            ? (director.RequestsOut, director.EncapsulatedOut, "without an outer packet")
            : (director.EncapsulatedOut, director.RequestsOut, "in an outer packet");
        if (wrong.Frames != 0)
            yield return $"{wrong} left the director in another form than dsrType demands ({what})";
        if (right.Frames != director.RequestsIn.Frames)
            yield return $"of {director.RequestsIn} to the VIP that reached the director {right} left it {what}: look "
                + "at `sidestep status` for drops";
    }

    private static IEnumerable<string> Director(LabRun run, TrafficEvidence seen)
    {
        if (seen.DirectorLink.Driver == "none")
            yield return $"no driver receives frames from {run.Topology.Director.Interface} of the director: look at "
                + "the daemon's log";
        if (seen.Status.Driver != seen.DirectorLink.Driver || seen.Status.Engine != seen.DirectorLink.Engine)
            yield return $"`sidestep status` says {seen.Status.Engine} and {seen.Status.Driver}, the kernel says "
                + $"{seen.DirectorLink.Engine} and {seen.DirectorLink.Driver}";
        if (run.Topology.EngineOverride is { Driver: not "auto" } requested
            && requested.Driver != seen.DirectorLink.Driver)
            yield return $"{requested.Driver} was requested, but {seen.DirectorLink.Driver} is in use";
        if (seen.CountedBySidestep != seen.AtDirector.RequestsIn.Frames)
            yield return $"Sidestep counted {seen.CountedBySidestep} packets for its services, the capture "
                + $"{seen.AtDirector.RequestsIn.Frames}";
    }

    private static string First(TrafficLog log) => string.Join("; ", log.Failures);
}
