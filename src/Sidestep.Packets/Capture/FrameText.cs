using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Sidestep.Packets.Capture;

/// <summary>Describes a frame in one line, as far as its bytes allow: a frame may be truncated or malformed.</summary>
public static class FrameText
{
    private const int MaxHeaders = 8, GuePort = 6080;
    private const string CutOff = "(cut off)";

    /// <summary>The line: <c>198.51.100.7:40000 > 203.0.113.10:80 tcp S</c>, with outer headers in front. Never throws
    /// and is never empty.</summary>
    /// <param name="frame">The frame from the Ethernet header on.</param>
    public static string Of(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 14)
            return CutOff;
        var at = 12;
        var text = "";
        while ((EtherType)BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) is EtherType.Vlan or EtherType.ServiceVlan
            && frame.Length >= at + 6)
        {
            var tag = BinaryPrimitives.ReadUInt16BigEndian(frame[(at + 2)..]);
            text += string.Create(CultureInfo.InvariantCulture, $"vlan {tag & 0xfff} ");
            at += 4;
        }
        var type = (EtherType)BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
        var rest = frame[(at + 2)..];
        return text + type switch
        {
            EtherType.Ipv4 or EtherType.Ipv6 => Datagram(rest, 0),
            EtherType.Arp => Arp(rest),
            _ => string.Create(CultureInfo.InvariantCulture, $"ethertype 0x{(ushort)type:x4}"),
        };
    }

    private static string Arp(ReadOnlySpan<byte> arp)
    {
        if (arp.Length < 28)
            return "arp " + CutOff;
        var (sender, target) = (new IPAddress(arp.Slice(14, 4)), new IPAddress(arp.Slice(24, 4)));
        return arp[7] == 1 ? $"arp who-has {target} tell {sender}" : $"arp {sender} is-at {MacAddress.Read(arp[8..])}";
    }

    private static string Datagram(ReadOnlySpan<byte> ip, int depth)
    {
        if (depth == MaxHeaders || ip.IsEmpty)
            return "ip " + CutOff;
        if (ip[0] >> 4 == 6)
            return Datagram6(ip, depth);
        if (ip.Length < Ipv4Packet.MinimumHeaderLength)
            return "ip " + CutOff;
        var header = (ip[0] & 15) * 4;
        return Payload(new IPAddress(ip.Slice(12, 4)), new IPAddress(ip.Slice(16, 4)), (IpProtocol)ip[9],
            (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & Ipv4Packet.FragmentOffsetMask) * 8,
            header <= ip.Length ? ip[header..] : default, depth);
    }

    private static string Datagram6(ReadOnlySpan<byte> ip, int depth)
    {
        if (!Ipv6Packet.TryParseHeader(ip, out var packet))
            return "ip " + CutOff;
        var rest = packet.Payload;
        var (protocol, offset) = (packet.NextHeader, 0);
        for (var i = 0; i < MaxHeaders && IsExtension(protocol) && rest.Length >= Ipv6FragmentHeader.Length; i++)
        {
            var length = (rest[1] + 1) * 8;
            if (protocol == IpProtocol.Ipv6Frag)
                (length, offset) = (Ipv6FragmentHeader.Length, Ipv6FragmentHeader.Read(rest).OffsetBytes);
            protocol = (IpProtocol)rest[0];
            rest = length <= rest.Length ? rest[length..] : default;
        }
        return Payload(packet.Source.ToIPAddress(), packet.Destination.ToIPAddress(), protocol, offset, rest, depth);
    }

    /// <summary>An extension header whose length FrameText knows (RFC 8200 section 4).</summary>
    private static bool IsExtension(IpProtocol next) =>
        next is IpProtocol.HopOpt or IpProtocol.Ipv6Route or IpProtocol.Ipv6Frag or IpProtocol.Ipv6Opts;

    private static string Payload(IPAddress source, IPAddress destination, IpProtocol protocol, int offset,
        ReadOnlySpan<byte> payload, int depth)
    {
        var outer = $"{source} > {destination}";
        if (offset > 0)
            return string.Create(CultureInfo.InvariantCulture, $"{outer} {protocol.Name()} fragment at {offset}");
        return protocol switch
        {
            IpProtocol.Ipv4 or IpProtocol.Ipv6 => $"{outer} ipip | {Datagram(payload, depth + 1)}",
            IpProtocol.Gre => $"{outer} gre | {(payload.Length < 4 ? CutOff : Datagram(payload[4..], depth + 1))}",
            IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp or IpProtocol.UdpLite or IpProtocol.Dccp
                when payload.Length >= 4 =>
                Ports(source, destination, protocol, payload, depth),
            IpProtocol.Icmp or IpProtocol.Ipv6Icmp when payload.Length >= 2 =>
                $"{outer} {protocol.Name()} {IcmpKind(protocol, payload[0], payload[1])}",
            _ => $"{outer} {protocol.Name()}",
        };
    }

    private static string Ports(
        IPAddress source, IPAddress destination, IpProtocol protocol, ReadOnlySpan<byte> payload, int depth)
    {
        var from = BinaryPrimitives.ReadUInt16BigEndian(payload);
        var to = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        var text = $"{new IPEndPoint(source, from)} > {new IPEndPoint(destination, to)} {protocol.Name()}";
        if (protocol == IpProtocol.Tcp)
            return payload.Length >= 14 ? $"{text} {TcpFlagText.Of((TcpControlBits)payload[13])}" : text;
        // GUE variant 0 without options: the second byte is the protocol of the payload (draft-ietf-intarea-gue-09).
        return to == GuePort && payload.Length >= 12 && payload[8] == 0
            && (IpProtocol)payload[9] is IpProtocol.Ipv4 or IpProtocol.Ipv6
            ? $"{source} > {destination} gue | {Datagram(payload[12..], depth + 1)}" : text;
    }

    private static string IcmpKind(IpProtocol protocol, byte type, byte code) => (protocol, type) switch
    {
        (IpProtocol.Icmp, 8) or (IpProtocol.Ipv6Icmp, 128) => "echo request",
        (IpProtocol.Icmp, 0) or (IpProtocol.Ipv6Icmp, 129) => "echo reply",
        (IpProtocol.Icmp, 3) when code == 4 => "fragmentation needed",
        (IpProtocol.Icmp, 3) or (IpProtocol.Ipv6Icmp, 1) => "unreachable",
        (IpProtocol.Icmp, 11) or (IpProtocol.Ipv6Icmp, 3) => "time exceeded",
        (IpProtocol.Ipv6Icmp, 2) => "packet too big",
        (IpProtocol.Ipv6Icmp, 135) => "neighbour solicitation",
        (IpProtocol.Ipv6Icmp, 136) => "neighbour advertisement",
        _ => string.Create(CultureInfo.InvariantCulture, $"type {type} code {code}"),
    };
}
