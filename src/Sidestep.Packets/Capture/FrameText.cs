using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Sidestep.Packets.Capture;

/// <summary>Describes a frame in one line, as far as its bytes allow: a frame may be truncated or malformed.</summary>
public static class FrameText
{
    private const int MaxHeaders = 8, GuePort = 6080;
    private const int Icmp = 1, Ipip = 4, Tcp = 6, Udp = 17, Ipv6InIp = 41, Gre = 47, Icmpv6 = 58;
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
        while (BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) is 0x8100 or 0x88a8 && frame.Length >= at + 6)
        {
            var tag = BinaryPrimitives.ReadUInt16BigEndian(frame[(at + 2)..]);
            text += string.Create(CultureInfo.InvariantCulture, $"vlan {tag & 0xfff} ");
            at += 4;
        }
        var type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
        var rest = frame[(at + 2)..];
        return text + type switch
        {
            0x0800 or 0x86dd => Datagram(rest, 0),
            0x0806 => Arp(rest),
            _ => string.Create(CultureInfo.InvariantCulture, $"ethertype 0x{type:x4}"),
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
        if (depth == MaxHeaders || ip.Length < 20 || ip[0] >> 4 == 6 && ip.Length < 40)
            return "ip " + CutOff;
        var isIpv6 = ip[0] >> 4 == 6;
        var (source, destination) = isIpv6
            ? (new IPAddress(ip.Slice(8, 16)), new IPAddress(ip.Slice(24, 16)))
            : (new IPAddress(ip.Slice(12, 4)), new IPAddress(ip.Slice(16, 4)));
        int protocol = isIpv6 ? ip[6] : ip[9], header = isIpv6 ? 40 : (ip[0] & 15) * 4;
        var offset = isIpv6 ? 0 : (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x1fff) * 8;
        // Hop-by-hop options, routing, fragment and destination options headers (RFC 8200 section 4).
        for (var i = 0; isIpv6 && i < MaxHeaders && protocol is 0 or 43 or 44 or 60 && ip.Length >= header + 8; i++)
        {
            if (protocol == 44)
                offset = BinaryPrimitives.ReadUInt16BigEndian(ip[(header + 2)..]) & ~7;
            (protocol, header) = (ip[header], header + (protocol == 44 ? 8 : (ip[header + 1] + 1) * 8));
        }
        var payload = header <= ip.Length ? ip[header..] : default;
        if (offset > 0)
            return string.Create(CultureInfo.InvariantCulture,
                $"{source} > {destination} {Name(protocol)} fragment at {offset}");
        var outer = $"{source} > {destination}";
        return protocol switch
        {
            Ipip or Ipv6InIp => $"{outer} ipip | {Datagram(payload, depth + 1)}",
            Gre => $"{outer} gre | {(payload.Length < 4 ? CutOff : Datagram(payload[4..], depth + 1))}",
            Tcp or Udp when payload.Length >= 4 => Ports(source, destination, protocol, payload, depth),
            Icmp or Icmpv6 when payload.Length >= 2 =>
                $"{outer} {Name(protocol)} {IcmpKind(protocol, payload[0], payload[1])}",
            _ => $"{outer} {Name(protocol)}",
        };
    }

    private static string Ports(
        IPAddress source, IPAddress destination, int protocol, ReadOnlySpan<byte> payload, int depth)
    {
        var from = BinaryPrimitives.ReadUInt16BigEndian(payload);
        var to = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
        var text = $"{new IPEndPoint(source, from)} > {new IPEndPoint(destination, to)} {Name(protocol)}";
        if (protocol == Tcp)
            return payload.Length >= 14 ? $"{text} {Flags(payload[13])}" : text;
        // GUE variant 0 without options: the second byte is the protocol of the payload (draft-ietf-intarea-gue-09).
        return to == GuePort && payload.Length >= 12 && payload[8] == 0 && payload[9] is Ipip or Ipv6InIp
            ? $"{source} > {destination} gue | {Datagram(payload[12..], depth + 1)}" : text;
    }

    private static string Flags(byte bits)
    {
        var text = string.Concat("FSRPAU".Where((_, i) => (bits & 1 << i) != 0));
        return text.Length == 0 ? "-" : text;
    }

    private static string IcmpKind(int protocol, byte type, byte code) => (protocol, type) switch
    {
        (Icmp, 8) or (Icmpv6, 128) => "echo request",
        (Icmp, 0) or (Icmpv6, 129) => "echo reply",
        (Icmp, 3) when code == 4 => "fragmentation needed",
        (Icmp, 3) or (Icmpv6, 1) => "unreachable",
        (Icmp, 11) or (Icmpv6, 3) => "time exceeded",
        (Icmpv6, 2) => "packet too big",
        (Icmpv6, 135) => "neighbour solicitation",
        (Icmpv6, 136) => "neighbour advertisement",
        _ => string.Create(CultureInfo.InvariantCulture, $"type {type} code {code}"),
    };

    private static string Name(int protocol) => protocol switch
    {
        Tcp => "tcp",
        Udp => "udp",
        Icmp => "icmp",
        Icmpv6 => "icmpv6",
        _ => string.Create(CultureInfo.InvariantCulture, $"protocol {protocol}"),
    };
}
