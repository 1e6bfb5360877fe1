using System.Collections.Immutable;
using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Native;

namespace Sidestep.Daemon.Doctor;

/// <summary>Asks next hops for their Ethernet addresses, and hears all that answer.</summary>
internal static class NeighbourAsk
{
    private const int Times = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    /// <summary>Who answered, by hop; nobody is an empty list.</summary>
    internal static async Task<Dictionary<(int Interface, IPAddress Neighbour), ImmutableArray<string>>> RunAsync(
        IReadOnlyList<Hop> hops, CancellationToken cancellation)
    {
        using var sender = FrameSender.Open();
        using var answers = new Answers();
        for (var i = 0; i < Times && hops.Any(h => answers.For(h).Count == 0); i++)
        {
            foreach (var hop in hops.Where(h => answers.For(h).Count == 0))
                sender.Send(hop.Egress.Index, Question.To(hop));
            var start = TimeProvider.System.GetTimestamp();
            while (hops.Any(h => answers.For(h).Count == 0) && TimeProvider.System.GetElapsedTime(start) < Patience)
            {
                await Task.Delay(5, cancellation).ConfigureAwait(false);
                answers.Hear();
            }
        }
        // A second one that claims the same address may be slower.
        await Task.Delay(20, cancellation).ConfigureAwait(false);
        answers.Hear();
        return hops.ToDictionary(static h => h.Key, h => answers.For(h).Select(static m => m.ToString()).Order(StringComparer.Ordinal).ToImmutableArray());
    }
}
