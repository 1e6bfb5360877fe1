using System.Net;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>Asks every next hop for its Ethernet address again and again, so that a new one is known within a second.</summary>
/// <remarks>By broadcast, because a unicast question to the former address would find nobody. Two questions a second each,
/// and no more than <see cref="MaxPerSecond"/> in all: with more next hops the rounds get longer.</remarks>
internal sealed class NeighbourProber(NetlinkSocket netlink) : IDisposable
{
    internal const int MaxPerSecond = 1000;
    private static readonly TimeSpan ShortestRound = TimeSpan.FromMilliseconds(400);

    private readonly FrameSender _sender = FrameSender.Open();
    private long _lastRound;

    /// <summary>Asks when it is time for a round.</summary>
    internal void Tick(Ways ways)
    {
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
        NativeException? refused = null;
        foreach (var way in ways.ByServer.Values.DistinctBy(static w => (w.Egress.Index, w.Neighbour)))
        {
            // The kernel accepts an answer only for a neighbour that it has an entry for: this makes one, and asks itself
            // when there was none. A lost question is asked again in the next round.
            try
            {
                RouteNetlink.Resolve(netlink, way.Egress.Index, way.Neighbour);
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

    public void Dispose() => _sender.Dispose();

    private static byte[] Question(Way way)
    {
        var frame = new byte[EthernetPacket.HeaderLength + ArpPacket.Length];
        new EthernetHeader(new MacAddress(0xffff_ffff_ffff), way.Egress.Mac, EtherType.Arp).Write(frame);
        ArpHeader.Request(way.Egress.Mac, Address(way.Egress.Address), Address(way.Neighbour)).Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }

    private static Ipv4Address Address(IPAddress address) => Ipv4Address.Read(address.GetAddressBytes());
}
