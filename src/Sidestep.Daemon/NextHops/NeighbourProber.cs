using System.Net;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;
using HopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>Asks every next hop for its Ethernet address again and again, so that a new one is known within a second.</summary>
/// <remarks>
/// By broadcast, because a unicast question to the former address would find nobody. Two questions a second each, and no
/// more than <see cref="MaxPerSecond"/> in all: with more next hops the rounds get longer. The kernel takes the answer in,
/// but ignores a second change within its <c>locktime</c> of a second; so the answers are heard here, too, and the kernel
/// is told what it ignored.
/// </remarks>
internal sealed class NeighbourProber : IDisposable
{
    internal const int MaxPerSecond = 1000;
    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(400);

    private readonly NetlinkSocket _netlink;
    private readonly Action<string> _log;
    private readonly FrameSender _sender;
    private readonly ArpAnswers _answers;
    private readonly HashSet<Ipv4Address> _disputed = [];
    private long _lastRound;

    /// <exception cref="EngineException">CAP_NET_RAW is missing.</exception>
    internal NeighbourProber(NetlinkSocket netlink, Action<string> log)
    {
        _netlink = netlink;
        _log = log;
        try
        {
            _sender = FrameSender.Open();
            _answers = new ArpAnswers();
        }
        catch (NativeException e)
        {
            throw new EngineException($"not allowed to ask for neighbours by ARP: CAP_NET_RAW missing ({e.Message}). Run as root, or give "
                + "the service this capability, too (systemd: AmbientCapabilities)", e);
        }
    }

    /// <summary>Takes in the answers, and asks when it is time for a round.</summary>
    /// <param name="ways">To whom.</param>
    /// <param name="known">What is known so far.</param>
    internal void Tick(Ways ways, HopTable known)
    {
        if (_answers.Hear())
            Learn(ways, known);
        var count = ways.ByServer.Values.Distinct().Count();
        var round = TimeSpan.FromSeconds(Math.Max(ShortestRound.TotalSeconds, (double)count / MaxPerSecond));
        if (TimeProvider.System.GetElapsedTime(_lastRound) >= round)
            ProbeAll(ways);
    }

    /// <summary>Asks all now.</summary>
    /// <exception cref="NativeException">The kernel refused an entry, because its table is full for one; all were asked.</exception>
    internal void ProbeAll(Ways ways)
    {
        _lastRound = TimeProvider.System.GetTimestamp();
        _answers.Forget();
        NativeException? refused = null;
        foreach (var way in ways.ByServer.Values.DistinctBy(static w => (w.Egress.Index, w.Neighbour)))
        {
            // The kernel accepts an answer only for a neighbour that it has an entry for: this makes one, and asks itself
            // when there was none. A lost question is asked again in the next round.
            try
            {
                Neighbours.Resolve(_netlink, way.Egress.Index, way.Neighbour);
            }
            catch (NativeException e)
            {
                refused ??= e;
            }
            _sender.Send(way.Egress.Index, Question(way));
        }
        if (refused is not null)
            throw refused;
    }

    public void Dispose()
    {
        _sender.Dispose();
        _answers.Dispose();
    }

    private void Learn(Ways ways, HopTable known)
    {
        foreach (var (server, way) in ways.ByServer)
        {
            var macs = _answers.For(way.Egress.Index, Address(way.Neighbour));
            if (macs.Count > 1)
                Dispute(way, macs);
            // Of two that claim the address, the kernel's choice is as good as another.
            if (macs.Count != 1 || !known.Servers.TryGetValue(server, out var hop) || macs.Contains(hop.Neighbour) || IsStatic(way))
                continue;
            var mac = new byte[MacAddress.Length];
            macs.First().Write(mac);
            Neighbours.Learn(_netlink, way.Egress.Index, way.Neighbour, mac);
        }
    }

    private void Dispute(Way way, IReadOnlySet<MacAddress> macs)
    {
        if (_disputed.Add(Address(way.Neighbour)))
            _log($"{way.Neighbour} is claimed by several stations on '{way.Egress.Name}': {string.Join(", ", macs)}. Its traffic goes to one or another");
    }

    private bool IsStatic(Way way) => Neighbours.List(_netlink)
        .Any(n => n.IsStatic && n.InterfaceIndex == way.Egress.Index && n.Address.Equals(way.Neighbour));

    private static byte[] Question(Way way)
    {
        var frame = new byte[EthernetPacket.HeaderLength + ArpPacket.Length];
        new EthernetHeader(new MacAddress(0xffff_ffff_ffff), way.Egress.Mac, EtherType.Arp).Write(frame);
        ArpHeader.Request(way.Egress.Mac, Address(way.Egress.Address), Address(way.Neighbour)).Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }

    private static Ipv4Address Address(IPAddress address) => Ipv4Address.Read(address.GetAddressBytes());
}
