using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>Writes the packets of probes, of both address families, with their outer headers.</summary>
/// <remarks>All IPv4 headers have DF, so that a packet that does not fit is lost instead of fragmented.</remarks>
internal static class ProbePacket
{
    private const int TcpBytes = TcpPacket.MinimumHeaderLength, EchoBytes = IcmpPacket.HeaderLength;
    private const byte MssOption = 2, MssOptionBytes = 4, EchoRequest4 = 8, EchoRequest6 = 128;
    private const ushort TcpWindow = 64240;

    /// <summary>A TCP segment without data (RFC 9293). A SYN has the MSS option.</summary>
    internal static byte[] Tcp(IPEndPoint from, IPEndPoint to, uint sequence, TcpControlBits flags, ushort mss)
    {
        var options = flags == TcpControlBits.Syn ? MssOptionBytes : 0;
        var segment = new byte[TcpBytes + options];
        WritePorts(segment, from, to);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), sequence);
        segment[12] = (byte)(segment.Length / 4 << 4);
        segment[13] = (byte)flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), TcpWindow);
        if (options > 0)
        {
            segment[20] = MssOption;
            segment[21] = MssOptionBytes;
            BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(22), mss);
        }
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(16),
            Checksum(from.Address, to.Address, IpProtocol.Tcp, segment));
        return Ip(from.Address, to.Address, IpProtocol.Tcp, segment);
    }

    /// <summary>A UDP datagram (RFC 768).</summary>
    internal static byte[] Udp(IPEndPoint from, IPEndPoint to, ReadOnlySpan<byte> data)
    {
        var datagram = new byte[UdpPacket.HeaderLength + data.Length];
        WritePorts(datagram, from, to);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        data.CopyTo(datagram.AsSpan(UdpPacket.HeaderLength));
        var sum = Checksum(from.Address, to.Address, IpProtocol.Udp, datagram);
        // RFC 768: zero means that there is no checksum.
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(6), sum == 0 ? (ushort)0xffff : sum);
        return Ip(from.Address, to.Address, IpProtocol.Udp, datagram);
    }

    /// <summary>An echo request (RFC 792, RFC 4443 section 4.1).</summary>
    /// <param name="from">Source.</param>
    /// <param name="to">Destination.</param>
    /// <param name="id">The identifier; the reply has the same.</param>
    /// <param name="sequence">The sequence number; the reply has the same.</param>
    /// <param name="length">Bytes of the whole packet, IP header included.</param>
    internal static byte[] Echo(IPAddress from, IPAddress to, ushort id, ushort sequence, int length)
    {
        var ipv6 = from.AddressFamily == AddressFamily.InterNetworkV6;
        var message = new byte[Math.Max(EchoBytes, length - (ipv6 ? Ipv6Header.Length : Ipv4Header.Length))];
        message[0] = ipv6 ? EchoRequest6 : EchoRequest4;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), sequence);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2),
            ipv6 ? Checksum(from, to, IpProtocol.Ipv6Icmp, message) : InternetChecksum.Compute(message));
        return Ip(from, to, ipv6 ? IpProtocol.Ipv6Icmp : IpProtocol.Icmp, message);
    }

    /// <summary>The packet behind an outer IP header (RFC 2003, RFC 2473, RFC 4213).</summary>
    internal static byte[] IpIp(IPAddress from, IPAddress to, ReadOnlySpan<byte> inner) =>
        Ip(from, to, ProtocolOf(inner), inner);

    /// <summary>A packet in GRE without options (RFC 2784).</summary>
    internal static byte[] Gre(IPAddress from, IPAddress to, ReadOnlySpan<byte> inner)
    {
        var payload = new byte[4 + inner.Length];
        BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(2), (ushort)(inner[0] >> 4 == 6 ? EtherType.Ipv6
            : EtherType.Ipv4));
        inner.CopyTo(payload.AsSpan(4));
        return Ip(from, to, IpProtocol.Gre, payload);
    }

    /// <summary>The packet behind an outer IP, UDP and GUE header, variant 0 (draft-ietf-intarea-gue).</summary>
    internal static byte[] Gue(IPEndPoint from, IPEndPoint to, ReadOnlySpan<byte> inner)
    {
        var payload = new byte[4 + inner.Length];
        payload[1] = (byte)ProtocolOf(inner);
        inner.CopyTo(payload.AsSpan(4));
        return Udp(from, to, payload);
    }

    private static IpProtocol ProtocolOf(ReadOnlySpan<byte> inner) =>
        inner[0] >> 4 == 6 ? IpProtocol.Ipv6 : IpProtocol.Ipv4;

    private static byte[] Ip(IPAddress from, IPAddress to, IpProtocol protocol, ReadOnlySpan<byte> payload)
    {
        var ipv6 = from.AddressFamily == AddressFamily.InterNetworkV6;
        var header = ipv6 ? Ipv6Header.Length : Ipv4Header.Length;
        var packet = new byte[header + payload.Length];
        payload.CopyTo(packet.AsSpan(header));
        if (ipv6)
        {
            new Ipv6Header
            {
                PayloadLength = payload.Length,
                NextHeader = protocol,
                Source = Ipv6Address.From(from),
                Destination = Ipv6Address.From(to),
            }.Write(packet);
        }
        else
        {
            new Ipv4Header
            {
                PayloadLength = payload.Length,
                Protocol = protocol,
                Source = Ipv4Address.From(from),
                Destination = Ipv4Address.From(to),
            }.Write(packet);
        }
        return packet;
    }

    private static void WritePorts(Span<byte> transport, IPEndPoint from, IPEndPoint to)
    {
        BinaryPrimitives.WriteUInt16BigEndian(transport, (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(transport[2..], (ushort)to.Port);
    }

    private static ushort Checksum(IPAddress from, IPAddress to, IpProtocol protocol, ReadOnlySpan<byte> payload)
    {
        byte[] addresses = [.. from.GetAddressBytes(), .. to.GetAddressBytes()];
        return InternetChecksum.Finish(InternetChecksum.Sum(
            payload, InternetChecksum.SumPseudoHeader(addresses, protocol, payload.Length)));
    }
}
