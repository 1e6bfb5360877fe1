using Sidestep.Lab.Live;

namespace Sidestep.SystemTests.Lab.Live;

/// <summary>A model of the live view with three servers: one serves, one was killed, one is drained.</summary>
internal static class LiveModels
{
    public static LiveModel Example { get; } = new()
    {
        Topology = "l2-one-arm",
        RunId = "0a1b2c",
        Elapsed = TimeSpan.FromSeconds(83),
        Status = "The director forwards: engine xdp, driver native, revision 5.",
        StatusHealth = LiveHealth.Good,
        Drawing = [.. Enumerable.Range(1, 13)
            .Select(i => $"line {i} of a drawing that is eighty columns wide".PadRight(79, '.') + "|")],
        Encapsulation = "MACs rewritten",
        RequestsIn = new LiveFlow(529.44, 10_563),
        RequestsForwarded = new LiveFlow(529.44, 10_563),
        RepliesAtDirector = new LiveFlow(0, 0),
        RepliesAtClients = new LiveFlow(974.3, 19_741),
        Answered = new LiveFlow(19.9, 1402),
        Failed = new LiveFlow(0, 20),
        Servers =
        [
            new LiveServer("web1", "healthy", new LiveFlow(13.3, 1229), 100, ""),
            new LiveServer("web2", "down", new LiveFlow(0, 58), 78, "nginx stopped"),
            new LiveServer("web3", "draining", new LiveFlow(6.6, 115), 1115, "state: draining"),
        ],
        Selected = 1,
        EvictedFlows = 7,
        Events =
        [
            new LiveEvent(TimeSpan.FromSeconds(6), "the director forwards: clients send 20 requests per second"),
            new LiveEvent(TimeSpan.FromSeconds(14),
                "2 requests failed; the last: request 152 from 198.51.100.161, server unknown, after 1 ms: Connection "
                    + "refused"),
            new LiveEvent(TimeSpan.FromSeconds(3725), "web2: down: tcp, 203.0.113.10 80: Connection refused"),
        ],
        HasKeys = true,
    };
}
