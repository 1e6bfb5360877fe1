using System.Collections.Immutable;
using System.Net;
using Sidestep.Daemon.Frames;
using Sidestep.Daemon.NextHops;

namespace Sidestep.Daemon.Doctor;

/// <summary>Requests the Ethernet addresses of next hops, and records all hosts that answer.</summary>
internal static class NeighbourSolicitor
{
    private const int Attempts = 5;
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>A second host with the same address may answer later than the first.</summary>
    private static readonly TimeSpan ConflictGracePeriod = TimeSpan.FromMilliseconds(20);

    /// <summary>Sends requests until every next hop has answered, at most five times.</summary>
    /// <param name="frames">Sends requests, receives replies.</param>
    /// <param name="routes">The next hops, each once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The Ethernet addresses that answered, by next hop; empty for a next hop without an answer.</returns>
    internal static async Task<Dictionary<(int Interface, IPAddress Neighbour), ImmutableArray<string>>> RunAsync(
        IFrameChannel frames, IReadOnlyList<NextHopRoute> routes, TimeProvider time, CancellationToken cancellation)
    {
        var replies = new NeighbourReplies(frames);
        bool IsSilent(NextHopRoute route) => replies.For(route).Count == 0;
        for (var i = 0; i < Attempts && routes.Any(IsSilent); i++)
        {
            foreach (var route in routes.Where(IsSilent))
                frames.Send(route.Egress.Index, NeighbourRequest.To(route));
            var start = time.GetTimestamp();
            while (routes.Any(IsSilent) && time.GetElapsedTime(start) < ReplyTimeout)
            {
                await Task.Delay(PollInterval, time, cancellation).ConfigureAwait(false);
                replies.Receive();
            }
        }
        await Task.Delay(ConflictGracePeriod, time, cancellation).ConfigureAwait(false);
        replies.Receive();
        return routes.ToDictionary(static r => r.Key,
            r => replies.For(r).Select(static m => m.ToString()).Order(StringComparer.Ordinal).ToImmutableArray());
    }
}
