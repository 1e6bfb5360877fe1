using System.Net;
using Sidestep.Daemon.Frames;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>Requests the Ethernet address of every next hop again and again, so that the director knows a new one
/// within a second.</summary>
/// <remarks>
/// Requests go by broadcast (ARP) or multicast (neighbour solicitation), because a unicast request to the previous
/// address would find no host. Each next hop receives two or more requests a second, but all together at most <see
/// cref="MaxPerSecond"/>: with more next hops the rounds get longer. The kernel learns from the replies, but for IPv4
/// it ignores a second change within <c>locktime</c>, a second. So the prober reads the replies too, and enters what
/// the kernel ignored. Not safe for threads.
/// </remarks>
/// <param name="network">The kernel's neighbour table.</param>
/// <param name="frames">Sends requests, receives replies; disposed by its owner.</param>
/// <param name="log">Receives each address that several hosts have, once.</param>
/// <param name="time">The clock.</param>
internal sealed class NeighbourProber(IHostNetwork network, IFrameChannel frames, Action<string> log, TimeProvider time)
{
    internal const int MaxPerSecond = 1000;
    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(400);

    private readonly NeighbourReplies _replies = new(frames);
    private readonly HashSet<IPAddress> _loggedConflicts = [];
    private long? _lastRound;

    /// <summary>Learns from the replies that have arrived, and sends the next round of requests when it is
    /// due.</summary>
    /// <param name="neighbours">The next hops, each once.</param>
    /// <param name="known">The neighbour table as last read.</param>
    /// <exception cref="NativeException">The kernel refused an entry; all requests were sent.</exception>
    internal void Tick(IReadOnlyList<NextHopRoute> neighbours, NeighbourTable known)
    {
        if (_replies.Receive())
            Learn(neighbours, known);
        var round = TimeSpan.FromSeconds(Math.Max(ShortestRound.TotalSeconds, (double)neighbours.Count / MaxPerSecond));
        if (_lastRound is not { } last || time.GetElapsedTime(last) >= round)
            ProbeAll(neighbours, known.StaticEntries);
    }

    /// <summary>Sends requests to all next hops now.</summary>
    /// <param name="neighbours">The next hops, each once.</param>
    /// <param name="staticEntries">Entries that an operator made. The kernel must not be told to use these (NTF_USE):
    /// since Linux 5.16 that turns them into ordinary entries.</param>
    /// <exception cref="NativeException">The kernel refused an entry, for example because its table is full; all
    /// requests were sent.</exception>
    internal void ProbeAll(IReadOnlyList<NextHopRoute> neighbours, IReadOnlySet<(int, IPAddress)> staticEntries)
    {
        _lastRound = time.GetTimestamp();
        _replies.Clear();
        NativeException? failure = null;
        foreach (var route in neighbours)
        {
            // The kernel accepts a reply only for a neighbour that it has an entry for. This creates the entry, and the
            // kernel sends a request itself if there was none. The next round makes up for a request that is lost.
            try
            {
                if (!staticEntries.Contains(route.Key))
                    network.Resolve(route.Egress.Index, route.Neighbour);
            }
            catch (NativeException e)
            {
                failure ??= e;
            }
            frames.Send(route.Egress.Index, NeighbourRequest.To(route));
        }
        if (failure is not null)
            throw failure;
    }

    private void Learn(IReadOnlyList<NextHopRoute> neighbours, NeighbourTable known)
    {
        // Read only when there is something to learn.
        IReadOnlySet<(int, IPAddress)>? staticEntries = null;
        foreach (var route in neighbours)
        {
            var macs = _replies.For(route);
            if (macs.Count > 1)
                LogConflict(route, macs);
            // If several hosts have the address, the kernel's choice is as good as any other.
            if (macs.Count != 1 || known.Macs.TryGetValue(route.Key, out var mac) && macs.Contains(mac))
                continue;
            staticEntries ??= NeighbourTable.Of(network.Neighbours()).StaticEntries;
            if (!staticEntries.Contains(route.Key))
                network.Learn(route.Egress.Index, route.Neighbour, macs.First());
        }
    }

    private void LogConflict(NextHopRoute route, IReadOnlySet<MacAddress> macs)
    {
        if (_loggedConflicts.Add(route.Neighbour))
            log($"several hosts on '{route.Egress.Name}' answer for {route.Neighbour}: "
                + $"{string.Join(", ", macs)}. Traffic to it reaches one of them");
    }
}
