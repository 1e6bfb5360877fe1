using System.Net.Sockets;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The frame that asks for a neighbour's Ethernet address: to everybody who may have the address now, because a
/// question to the former Ethernet address would find nobody.</summary>
internal static class Question
{
    private static readonly MacAddress Broadcast = new(0xffff_ffff_ffff);

    internal static byte[] To(Hop hop) => hop.Neighbour.AddressFamily == AddressFamily.InterNetwork ? Arp(hop) : Solicitation(hop);

    private static byte[] Arp(Hop hop)
    {
        var frame = new byte[EthernetPacket.HeaderLength + ArpPacket.Length];
        new EthernetHeader(Broadcast, hop.Egress.Mac, EtherType.Arp).Write(frame);
        ArpHeader.Request(hop.Egress.Mac, Ipv4Address.From(hop.AskFrom), Ipv4Address.From(hop.Neighbour))
            .Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }

    private static byte[] Solicitation(Hop hop)
    {
        var question = new NeighbourSolicitation(hop.Egress.Mac, Ipv6Address.From(hop.AskFrom), Ipv6Address.From(hop.Neighbour));
        var frame = new byte[EthernetPacket.HeaderLength + NeighbourSolicitation.Length];
        new EthernetHeader(question.Destination.MulticastMac, hop.Egress.Mac, EtherType.Ipv6).Write(frame);
        question.Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }
}
