using System.Net;
using System.Net.Sockets;
using Sidestep.Daemon.NextHops;
using Sidestep.Forwarding;
using Sidestep.Packets;

namespace Sidestep.Daemon.AddressConflicts;

/// <summary>The frames of address conflict detection (RFC 5227 for ARP, RFC 4861 for neighbour discovery).</summary>
internal static class ConflictFrames
{
    private static readonly MacAddress Broadcast = new(0xffff_ffff_ffff);

    /// <summary>The question which host on the link has a VIP: a broadcast ARP request, or a multicast neighbour
    /// solicitation.</summary>
    /// <param name="link">The egress interface.</param>
    /// <param name="vip">The VIP.</param>
    /// <param name="source6">The director's IPv6 address on the link; null: it has none.</param>
    /// <returns>The frame; null: the interface has no source address of the VIP's family.</returns>
    internal static byte[]? Request(EgressInterface link, IPAddress vip, IPAddress? source6)
    {
        var source = vip.AddressFamily == AddressFamily.InterNetwork ? link.Address : source6;
        return source is null ? null : NeighbourRequest.To(new NextHopRoute(link, vip, ViaRouter: false, source));
    }

    /// <summary>The announcement that the director has the VIP: an ARP announcement (RFC 5227 section 3), or an
    /// unsolicited neighbour advertisement (RFC 4861 section 7.2.6).</summary>
    /// <param name="link">The egress interface.</param>
    /// <param name="vip">The VIP.</param>
    /// <param name="source6">The director's IPv6 address on the link; null: the VIP is the source.</param>
    internal static byte[] Announcement(EgressInterface link, IPAddress vip, IPAddress? source6)
    {
        if (vip.AddressFamily == AddressFamily.InterNetwork)
        {
            var address = Ipv4Address.From(vip);
            var arp = new byte[EthernetPacket.HeaderLength + ArpPacket.Length];
            new EthernetHeader(Broadcast, link.Mac, EtherType.Arp).Write(arp);
            ArpHeader.Request(link.Mac, address, address).Write(arp.AsSpan(EthernetPacket.HeaderLength));
            return arp;
        }
        var advertisement = new UnsolicitedNeighbourAdvertisement(link.Mac, Ipv6Address.From(source6 ?? vip),
            Ipv6Address.From(vip));
        var frame = new byte[EthernetPacket.HeaderLength + UnsolicitedNeighbourAdvertisement.Length];
        new EthernetHeader(UnsolicitedNeighbourAdvertisement.Destination.MulticastMac, link.Mac, EtherType.Ipv6)
            .Write(frame);
        advertisement.Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return frame;
    }

    /// <summary>Reads which address a host uses, from an ARP request or reply, or from a neighbour
    /// advertisement.</summary>
    /// <param name="frame">From the Ethernet header on.</param>
    /// <returns>The address and the Ethernet address that the host gives for it; null: the frame says
    /// neither.</returns>
    internal static AddressUse? Read(ReadOnlySpan<byte> frame)
    {
        if (!EthernetPacket.TryParse(frame, out var ethernet))
            return null;
        if (ethernet.Type == EtherType.Arp)
        {
            return ArpPacket.TryParse(ethernet.Payload, out var arp)
                ? new AddressUse(arp.SenderAddress.ToIPAddress(), arp.SenderMac) : null;
        }
        return NeighbourAdvertisement.TryParse(ethernet.Payload, out var advertisement)
            ? new AddressUse(advertisement.Target.ToIPAddress(), advertisement.TargetMac ?? ethernet.Source) : null;
    }
}

/// <summary>Evidence that a host uses an IP address: its ARP packet or neighbour advertisement.</summary>
/// <param name="Address">The address.</param>
/// <param name="Mac">The Ethernet address at which the host has it.</param>
internal readonly record struct AddressUse(IPAddress Address, MacAddress Mac);
