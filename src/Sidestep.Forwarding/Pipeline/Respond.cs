using System.Buffers.Binary;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Responses of the director for a VIP in service: to ARP requests (RFC 826), neighbour solicitations (RFC
/// 4861) and echo requests (RFC 792, RFC 4443). The kernel does not respond, because no VIP is a local address of the
/// director.</summary>
internal static class Respond
{
    internal const int Ttl = 64, NeighbourSolicitation = 135;
    private const int Mac = MacAddress.Length;
    private const int MessageBytes = 24, AdvertisementBytes = 32, LongestSolicitation = 256, MaxOptions = 8;
    private const byte SourceLinkLayer = 1, TargetLinkLayer = 2, NeighbourAdvertisement = 136;
    private const int HopLimit = 255; // proves that no router has forwarded the message, RFC 4861 section 7.1
    private const uint Solicited = 0x4000_0000, Override = 0x2000_0000; // section 4.4

    /// <summary>Answers an ARP request for a VIP in service; any other packet is left to the kernel.</summary>
    internal static Decision Arp(Packet p, Span<byte> frame, PipelineTables tables, int interfaceIndex)
    {
        if (!ArpPacket.TryParse(frame[p.L3..], out var arp) || arp.Operation != ArpOperation.Request)
            return Decision.Pass;
        var packet = frame.Slice(p.L3, ArpPacket.Length);
        var requester = BinaryPrimitives.ReadUInt32LittleEndian(packet[14..]);
        var requestedAddress = BinaryPrimitives.ReadUInt32LittleEndian(packet[24..]);
        (p.Source0, p.Destination0) = (requester, requestedAddress);
        p.Vip = tables.Vips4.Find(requestedAddress, 0);
        // A gratuitous request announces the VIP for its sender. It is left to the kernel: a reply would start an
        // address conflict.
        if (p.Vip < 0 || !tables.Vips[p.Vip].Entry.RespondsToArp || requester == requestedAddress)
            return Decision.Pass;
        // A broadcast, as requests are, or a frame to this interface; not one to another host that a switch flooded.
        if (tables.IngressInterface(interfaceIndex) is not { } ingress
            || ((frame[0] & 1) == 0 && !IsAddressedTo(ingress, frame)))
            return Decision.Pass;
        ReturnToSender(frame, ingress);
        packet[7] = (byte)ArpOperation.Reply;
        packet.Slice(8, Mac + 4).CopyTo(packet[18..]);
        ingress.MacAddress.Write(packet[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(packet[14..], requestedAddress);
        return Decision.ArpReply;
    }

    /// <summary>Answers a valid solicitation (RFC 4861 section 7.1.1) for a VIP in service; any other is left to the
    /// kernel.</summary>
    internal static Decision Neighbour(Packet p, ref Frame frame, PipelineTables tables, int interfaceIndex)
    {
        var bytes = frame.Bytes;
        var ip = bytes.Slice(p.L3, p.Length);
        // Only directly after the IPv6 header: RFC 6980 forbids fragments, and no host uses other extension headers
        // here.
        if (p.L4 != p.L3 + Parse.Ipv6Header || ip.Length < Parse.Ipv6Header + MessageBytes || ip[7] != HopLimit)
            return Decision.Pass;
        var message = ip[Parse.Ipv6Header..];
        var (source, destination) = (Ipv6Address.Read(ip[8..]), Ipv6Address.Read(ip[24..]));
        var target = Ipv6Address.Read(message[8..]);
        var isDad = source.Value == 0;
        // To a multicast address or to the target itself (section 4.3): any other destination is not the VIP.
        if (message[1] != 0 || message.Length > LongestSolicitation
            || (!destination.IsMulticast && destination != target)
            || (isDad && destination != target.SolicitedNode)
            || !HasValidOptions(message[MessageBytes..], isDad)
            || InternetChecksum.Finish(InternetChecksum.Sum(message, InternetChecksum.SumPseudoHeader(
                source, destination, IpProtocol.Ipv6Icmp, message.Length))) != 0)
            return Decision.Pass;
        p.Destination0 = BinaryPrimitives.ReadUInt64LittleEndian(message[8..]);
        p.Destination1 = BinaryPrimitives.ReadUInt64LittleEndian(message[16..]);
        p.Vip = tables.Vips6.Find(p.Destination0, p.Destination1);
        if (p.Vip < 0 || !tables.Vips[p.Vip].Entry.RespondsToArp
            || tables.IngressInterface(interfaceIndex) is not { } ingress
            || ((bytes[0] & 1) == 0 && !IsAddressedTo(ingress, bytes)))
            return Decision.Pass;
        if (!frame.TryResize(p.L3 + Parse.Ipv6Header + AdvertisementBytes))
            return p.Drop(DropReason.NoHeadroom);
        Advertise(frame.Bytes, p.L3, ingress, target, source);
        return Decision.NeighbourAdvertisement;
    }

    /// <summary>Turns a solicitation into an advertisement. A host without an address performs duplicate address
    /// detection: the advertisement then goes to all nodes (RFC 4861 section 7.2.4).</summary>
    private static void Advertise(
        Span<byte> frame, int l3, InterfaceRecord ingress, Ipv6Address target, Ipv6Address requester)
    {
        var isDad = requester.Value == 0;
        var receiver = isDad ? new Ipv6Address(((UInt128)0xff02 << 112) + 1) : requester;
        ReturnToSender(frame, ingress);
        if (isDad)
            receiver.MulticastMac.Write(frame);
        var ip = frame[l3..];
        var request = BinaryPrimitives.ReadUInt32BigEndian(ip);
        new Ipv6Header
        {
            TrafficClass = (byte)(request >> 20),
            FlowLabel = request & 0xfffff,
            PayloadLength = AdvertisementBytes,
            NextHeader = IpProtocol.Ipv6Icmp,
            HopLimit = HopLimit,
            Source = target,
            Destination = receiver,
        }.Write(ip);
        var message = ip.Slice(Parse.Ipv6Header, AdvertisementBytes);
        BinaryPrimitives.WriteUInt32BigEndian(message, (uint)NeighbourAdvertisement << 24);
        BinaryPrimitives.WriteUInt32BigEndian(message[4..], isDad ? Override : Solicited | Override);
        target.Write(message[8..]);
        message[24] = TargetLinkLayer;
        message[25] = 1; // length of the option in units of 8 bytes
        ingress.MacAddress.Write(message[26..]);
        var checksum = InternetChecksum.Finish(InternetChecksum.Sum(message, InternetChecksum.SumPseudoHeader(
            target, receiver, IpProtocol.Ipv6Icmp, message.Length)));
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], checksum);
    }

    /// <summary>RFC 4861 section 7.1.1: options end with the message, none has length 0, and the unspecified source
    /// address has no source link-layer address option.</summary>
    private static bool HasValidOptions(ReadOnlySpan<byte> options, bool fromUnspecified)
    {
        for (var i = 0; i < MaxOptions && !options.IsEmpty; i++)
        {
            if (options.Length < 8)
                return false;
            var length = options[1] * 8;
            if (length == 0 || length > options.Length || (fromUnspecified && options[0] == SourceLinkLayer))
                return false;
            options = options[length..];
        }
        return options.IsEmpty;
    }

    /// <summary>Turns an echo request into its reply. Swapping the addresses does not change any checksum. A reply may
    /// be all zeros: only then an incremental update is wrong. 0xffff is right there, and equivalent wherever the
    /// result is 0.</summary>
    internal static void Echo(Packet p, Span<byte> frame)
    {
        SwapMacs(frame);
        var ip = frame[p.L3..];
        if (p.IsIpv6)
        {
            SwapAddresses(ip.Slice(8, 2 * Ipv6Address.Length));
            ip[7] = Ttl;
        }
        else
        {
            var before = BinaryPrimitives.ReadUInt16BigEndian(ip[8..]);
            ip[8] = Ttl;
            var checksum = BinaryPrimitives.ReadUInt16BigEndian(ip[10..]);
            var after = BinaryPrimitives.ReadUInt16BigEndian(ip[8..]);
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Update(checksum, before, after));
            SwapAddresses(ip.Slice(12, 2 * Ipv4Address.Length));
        }
        var icmp = frame[p.L4..];
        var type = BinaryPrimitives.ReadUInt16BigEndian(icmp);
        icmp[0] = p.IsIpv6 ? (byte)129 : (byte)0;
        var sum = InternetChecksum.Update(
            BinaryPrimitives.ReadUInt16BigEndian(icmp[2..]), type, BinaryPrimitives.ReadUInt16BigEndian(icmp));
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], sum == 0 ? (ushort)0xffff : sum);
    }

    internal static bool IsAddressedTo(InterfaceRecord ingress, ReadOnlySpan<byte> frame) =>
        (BinaryPrimitives.ReadUInt64LittleEndian(frame) & 0xffff_ffff_ffff) == ingress.Mac;

    /// <summary>Swaps source and destination Ethernet address.</summary>
    internal static void SwapMacs(Span<byte> frame) => SwapAddresses(frame[..(2 * Mac)]);

    /// <summary>Swaps two adjacent addresses of equal length.</summary>
    internal static void SwapAddresses(Span<byte> both)
    {
        Span<byte> first = stackalloc byte[Ipv6Address.Length];
        var addressLength = both.Length / 2;
        both[..addressLength].CopyTo(first);
        both[addressLength..].CopyTo(both);
        first[..addressLength].CopyTo(both[addressLength..]);
    }

    /// <summary>Addresses the frame to its sender, from this interface's own address: the request may have been a
    /// multicast.</summary>
    private static void ReturnToSender(Span<byte> frame, InterfaceRecord ingress)
    {
        frame.Slice(Mac, Mac).CopyTo(frame);
        ingress.MacAddress.Write(frame[Mac..]);
    }
}
