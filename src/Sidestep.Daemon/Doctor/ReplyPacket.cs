using System.Buffers.Binary;
using System.Net;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>The kind of a reply to a probe.</summary>
internal enum ReplyKind
{
    /// <summary>A TCP segment with SYN and ACK: the port is open.</summary>
    SynAck,

    /// <summary>A TCP segment with RST: the port is closed.</summary>
    Reset,

    /// <summary>A UDP datagram from the probed port.</summary>
    Datagram,

    /// <summary>An ICMP or ICMPv6 echo reply.</summary>
    Echo,

    /// <summary>ICMP port unreachable: no process listens at the port.</summary>
    PortUnreachable,

    /// <summary>ICMP fragmentation needed, or ICMPv6 packet too big.</summary>
    TooBig,
}

/// <summary>A packet that may be the reply to a probe.</summary>
/// <param name="Kind">Kind of the reply, by protocol and flags.</param>
/// <param name="From">Source address.</param>
/// <param name="To">Destination address.</param>
/// <param name="Port">The director's port; identifier of an echo reply.</param>
/// <param name="Number">MSS of a SYN-ACK (0: none), sequence number of an echo reply, MTU of an ICMP error, otherwise
/// 0.</param>
/// <param name="Ttl">TTL or hop limit.</param>
/// <param name="About">Destination address of the outermost header that an ICMP error quotes; null: no ICMP
/// error.</param>
internal readonly record struct ReplyPacket(ReplyKind Kind, IPAddress From, IPAddress To, int Port, int Number, int Ttl,
    IPAddress? About = null)
{
    /// <summary>Reads an IPv4 or IPv6 packet without its link-layer header.</summary>
    /// <param name="packet">From the IP header on; may be cut off.</param>
    /// <returns>Null: the packet is no reply to any probe.</returns>
    internal static ReplyPacket? Read(ReadOnlySpan<byte> packet)
    {
        if (!TryReadHeader(packet, out var from, out var to, out var protocol, out var ttl, out var rest))
            return null;
        switch (protocol)
        {
            case IpProtocol.Tcp when rest.Length >= TcpPacket.MinimumHeaderLength:
                const TcpControlBits SynAck = TcpControlBits.Syn | TcpControlBits.Ack;
                var flags = (TcpControlBits)rest[13];
                var port = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
                if ((flags & TcpControlBits.Rst) != 0)
                    return new ReplyPacket(ReplyKind.Reset, from, to, port, 0, ttl);
                return (flags & SynAck) == SynAck
                    ? new ReplyPacket(ReplyKind.SynAck, from, to, port, MssOf(rest), ttl) : null;
            case IpProtocol.Udp when rest.Length >= 8:
                return new ReplyPacket(ReplyKind.Datagram, from, to, BinaryPrimitives.ReadUInt16BigEndian(rest[2..]), 0,
                    ttl);
            case IpProtocol.Icmp when rest.Length >= 8:
                return OfIcmp(rest, from, to, ttl, echo: 0, unreachable: 3, portCode: 3, tooBig: (3, 4), mtuOffset: 6);
            case IpProtocol.Ipv6Icmp when rest.Length >= 8:
                return OfIcmp(rest, from, to, ttl, echo: 129, unreachable: 1, portCode: 4, tooBig: (2, 0),
                    mtuOffset: 4);
            default:
                return null;
        }
    }

    private static ReplyPacket? OfIcmp(ReadOnlySpan<byte> message, IPAddress from, IPAddress to, int ttl, byte echo,
        byte unreachable, byte portCode,
        (byte Type, byte Code) tooBig, int mtuOffset)
    {
        var (type, code) = (message[0], message[1]);
        if (type == echo && code == 0)
            return new ReplyPacket(ReplyKind.Echo, from, to, BinaryPrimitives.ReadUInt16BigEndian(message[4..]),
                BinaryPrimitives.ReadUInt16BigEndian(message[6..]), ttl);
        var isPort = type == unreachable && code == portCode;
        var isBig = type == tooBig.Type && code == tooBig.Code;
        if (!isPort && !isBig || !TryReadHeader(message[8..], out _, out var about, out _, out _, out var quoted))
            return null;
        if (isBig)
        {
            var mtu = mtuOffset == 6 ? BinaryPrimitives.ReadUInt16BigEndian(message[6..])
                : (int)BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
            return new ReplyPacket(ReplyKind.TooBig, from, to, 0, mtu, ttl, about);
        }
        return quoted.Length < 2 ? null
            : new ReplyPacket(ReplyKind.PortUnreachable, from, to, BinaryPrimitives.ReadUInt16BigEndian(quoted), 0, ttl,
                about);
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> packet, out IPAddress from, out IPAddress to,
        out IpProtocol protocol, out int ttl, out ReadOnlySpan<byte> rest)
    {
        (from, to, protocol, ttl) = (IPAddress.None, IPAddress.None, IpProtocol.HopOpt, 0);
        rest = default;
        if (packet.Length >= 20 && packet[0] >> 4 == 4)
        {
            var length = (packet[0] & 15) * 4;
            // Only the first fragment has a transport header.
            if (length < 20 || packet.Length < length
                || (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1fff) != 0)
                return false;
            (from, to, protocol, ttl) = (new IPAddress(packet.Slice(12, 4)), new IPAddress(packet.Slice(16, 4)),
                (IpProtocol)packet[9], packet[8]);
            rest = packet[length..];
            return true;
        }
        if (!Ipv6Packet.TryParseHeader(packet, out var ipv6))
            return false;
        (from, to) = (ipv6.Source.ToIPAddress(), ipv6.Destination.ToIPAddress());
        (protocol, ttl) = (ipv6.NextHeader, ipv6.HopLimit);
        rest = ipv6.Payload;
        if (protocol == IpProtocol.Ipv6Frag && rest.Length >= Ipv6FragmentHeader.Length
            && Ipv6FragmentHeader.Read(rest) is { OffsetBytes: 0 } fragment)
        {
            protocol = fragment.NextHeader;
            rest = rest[Ipv6FragmentHeader.Length..];
        }
        return true;
    }

    private static int MssOf(ReadOnlySpan<byte> segment)
    {
        var length = Math.Min(segment.Length, (segment[12] >> 4) * 4);
        for (var at = 20; at + 1 < length;)
        {
            if (segment[at] == 0)
                return 0;
            if (segment[at] == 1)
            {
                at++;
                continue;
            }
            if (segment[at] == 2 && segment[at + 1] == 4 && at + 4 <= length)
                return BinaryPrimitives.ReadUInt16BigEndian(segment[(at + 2)..]);
            at += Math.Max(2, (int)segment[at + 1]);
        }
        return 0;
    }
}
