using System.Net.Sockets;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The frame that requests a neighbour's Ethernet address: by broadcast (RFC 826) or multicast (RFC 4861
/// section 4.3). A unicast request to the previous Ethernet address would miss a host that has taken over the
/// address.</summary>
internal static class NeighbourRequest
{
    private static readonly MacAddress Broadcast = new(0xffff_ffff_ffff);

    /// <summary>The request to a neighbour, from the Ethernet header on.</summary>
    internal static byte[] To(NextHopRoute route) =>
        route.Neighbour.AddressFamily == AddressFamily.InterNetwork ? Arp(route) : Solicitation(route);

    private static byte[] Arp(NextHopRoute route)
    {
        var frame = new byte[EthernetPacket.HeaderLength + ArpPacket.Length];
        new EthernetHeader(Broadcast, route.Egress.Mac, EtherType.Arp).Write(frame);
        ArpHeader.Request(route.Egress.Mac, Ipv4Address.From(route.SourceAddress), Ipv4Address.From(route.Neighbour))
            .Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }

    private static byte[] Solicitation(NextHopRoute route)
    {
        var solicitation = new NeighbourSolicitation(route.Egress.Mac, Ipv6Address.From(route.SourceAddress),
            Ipv6Address.From(route.Neighbour));
        var frame = new byte[EthernetPacket.HeaderLength + NeighbourSolicitation.Length];
        new EthernetHeader(solicitation.Destination.MulticastMac, route.Egress.Mac, EtherType.Ipv6).Write(frame);
        solicitation.Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }
}
