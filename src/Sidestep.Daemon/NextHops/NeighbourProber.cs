using System.Net;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>Asks every next hop for its Ethernet address again and again, so that a new one is known within a second.</summary>
/// <remarks>
/// By broadcast (ARP) or multicast (neighbour solicitation), because a unicast question to the former address would find
/// nobody. Two questions a second each, and no more than <see cref="MaxPerSecond"/> in all: with more next hops the rounds
/// get longer. The kernel takes the answer in, but for IPv4 ignores a second change within its <c>locktime</c> of a second;
/// so the answers are heard here, too, and the kernel is told what it ignored.
/// </remarks>
internal sealed class NeighbourProber : IDisposable
{
    internal const int MaxPerSecond = 1000;
    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(400);

    private readonly NetlinkSocket _netlink;
    private readonly Action<string> _log;
    private readonly FrameSender _sender;
    private readonly NeighbourReplies _replies;
    private readonly HashSet<IPAddress> _loggedConflicts = [];
    private long _lastRound;

    /// <exception cref="EngineException">CAP_NET_RAW is missing.</exception>
    internal NeighbourProber(NetlinkSocket netlink, Action<string> log)
    {
        _netlink = netlink;
        _log = log;
        try
        {
            _sender = FrameSender.Open();
            _replies = new NeighbourReplies();
        }
        catch (NativeException e)
        {
            throw new EngineException($"not allowed to ask for neighbours: CAP_NET_RAW missing ({e.Message}). Run as root, or give "
                + "the service this capability, too (systemd: AmbientCapabilities)", e);
        }
    }

    /// <summary>Takes in the answers, and asks when it is time for a round.</summary>
    /// <param name="neighbours">Whom, once each.</param>
    /// <param name="known">What the kernel said last.</param>
    /// <param name="staticEntries">What somebody entered into the kernel's table.</param>
    internal void Tick(IReadOnlyList<NextHopRoute> neighbours, IReadOnlyDictionary<(int, IPAddress), MacAddress> known, IReadOnlySet<(int, IPAddress)> staticEntries)
    {
        if (_replies.Receive())
            Learn(neighbours, known);
        var round = TimeSpan.FromSeconds(Math.Max(ShortestRound.TotalSeconds, (double)neighbours.Count / MaxPerSecond));
        if (TimeProvider.System.GetElapsedTime(_lastRound) >= round)
            ProbeAll(neighbours, staticEntries);
    }

    /// <summary>Asks all now.</summary>
    /// <param name="neighbours">Whom, once each.</param>
    /// <param name="staticEntries">What somebody entered into the kernel's table: since Linux 5.16 the request to use such an entry (NTF_USE)
    /// makes an ordinary one of it, and what an operator entered is to stay.</param>
    /// <exception cref="NativeException">The kernel refused an entry, because its table is full for one; all were asked.</exception>
    internal void ProbeAll(IReadOnlyList<NextHopRoute> neighbours, IReadOnlySet<(int, IPAddress)> staticEntries)
    {
        _lastRound = TimeProvider.System.GetTimestamp();
        _replies.Clear();
        NativeException? failure = null;
        foreach (var route in neighbours)
        {
            // The kernel accepts an answer only for a neighbour that it has an entry for: this makes one, and asks itself
            // when there was none. A lost question is asked again in the next round.
            try
            {
                if (!staticEntries.Contains(route.Key))
                    Neighbours.Resolve(_netlink, route.Egress.Index, route.Neighbour);
            }
            catch (NativeException e)
            {
                failure ??= e;
            }
            _sender.Send(route.Egress.Index, NeighbourRequest.To(route));
        }
        if (failure is not null)
            throw failure;
    }

    public void Dispose()
    {
        _sender.Dispose();
        _replies.Dispose();
    }

    private void Learn(IReadOnlyList<NextHopRoute> neighbours, IReadOnlyDictionary<(int, IPAddress), MacAddress> known)
    {
        // Asked for only when something is to be learnt.
        HashSet<(int, IPAddress)>? staticEntries = null;
        foreach (var route in neighbours)
        {
            var macs = _replies.For(route);
            if (macs.Count > 1)
                LogConflict(route, macs);
            // Of two that claim the address, the kernel's choice is as good as another.
            if (macs.Count != 1 || known.TryGetValue(route.Key, out var mac) && macs.Contains(mac))
                continue;
            staticEntries ??= [.. Neighbours.List(_netlink).Where(static n => n.IsStatic).Select(static n => (n.InterfaceIndex, n.Address))];
            if (staticEntries.Contains(route.Key))
                continue;
            var bytes = new byte[MacAddress.Length];
            macs.First().Write(bytes);
            Neighbours.Learn(_netlink, route.Egress.Index, route.Neighbour, bytes);
        }
    }

    private void LogConflict(NextHopRoute route, IReadOnlySet<MacAddress> macs)
    {
        if (_loggedConflicts.Add(route.Neighbour))
            _log($"{route.Neighbour} is claimed by several hosts on '{route.Egress.Name}': {string.Join(", ", macs)}. Its traffic goes to one or another");
    }
}
