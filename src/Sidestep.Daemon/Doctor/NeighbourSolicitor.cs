using System.Collections.Immutable;
using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Native;

namespace Sidestep.Daemon.Doctor;

/// <summary>Asks next hops for their Ethernet addresses, and hears all that answer.</summary>
internal static class NeighbourSolicitor
{
    private const int Attempts = 5;
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromMilliseconds(400);

    /// <summary>Who answered, by hop; nobody is an empty list.</summary>
    internal static async Task<Dictionary<(int Interface, IPAddress Neighbour), ImmutableArray<string>>> RunAsync(
        IReadOnlyList<NextHopRoute> routes, CancellationToken cancellation)
    {
        using var sender = FrameSender.Open();
        using var replies = new NeighbourReplies();
        for (var i = 0; i < Attempts && routes.Any(h => replies.For(h).Count == 0); i++)
        {
            foreach (var route in routes.Where(h => replies.For(h).Count == 0))
                sender.Send(route.Egress.Index, NeighbourRequest.To(route));
            var start = TimeProvider.System.GetTimestamp();
            while (routes.Any(h => replies.For(h).Count == 0) && TimeProvider.System.GetElapsedTime(start) < ReplyTimeout)
            {
                await Task.Delay(5, cancellation).ConfigureAwait(false);
                replies.Receive();
            }
        }
        // A second one that claims the same address may be slower.
        await Task.Delay(20, cancellation).ConfigureAwait(false);
        replies.Receive();
        return routes.ToDictionary(static h => h.Key, h => replies.For(h).Select(static m => m.ToString()).Order(StringComparer.Ordinal).ToImmutableArray());
    }
}
