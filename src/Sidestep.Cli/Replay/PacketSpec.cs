using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>Makes a packet from a specification: <c>tcp 198.51.100.7:40000 203.0.113.10:80 S</c>,
/// <c>udp [2001:db8::7]:40000 [2001:db8::10]:53</c>, <c>icmp 198.51.100.7 203.0.113.10</c> (an echo request).</summary>
public static class PacketSpec
{
    private const int TcpBytes = TcpPacket.MinimumHeaderLength, UdpBytes = UdpPacket.HeaderLength;
    private const int IcmpBytes = IcmpPacket.HeaderLength, OtherBytes = 12; // the common header of SCTP, RFC 9260
    private const byte EchoRequest6 = 128;

    /// <summary>Valid specifications, which error messages quote.</summary>
    internal const string Example =
        "'tcp 198.51.100.7:40000 203.0.113.10:80 S', 'udp [2001:db8::7]:40000 [2001:db8::10]:53' or 'icmp 198.51.100.7 "
        + "203.0.113.10'";

    /// <summary>The frame, from the Ethernet header on.</summary>
    /// <param name="tokens">Protocol, source, destination, and for TCP optionally flags (letters of FSRPAU).</param>
    /// <param name="to">MAC address of the director.</param>
    /// <exception cref="FormatException">The specification is invalid; the message says what is expected.</exception>
    public static byte[] ToFrame(IReadOnlyList<string> tokens, MacAddress to)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.Count is < 3 or > 4)
            throw new FormatException($"write {Example}");
        var protocol = tokens[0].ToUpperInvariant() switch
        {
            "TCP" => IpProtocol.Tcp,
            "UDP" => IpProtocol.Udp,
            "SCTP" => IpProtocol.Sctp,
            "UDPLITE" => IpProtocol.UdpLite,
            "DCCP" => IpProtocol.Dccp,
            "ICMP" or "ICMPV6" => IpProtocol.Icmp,
            var other when byte.TryParse(other, CultureInfo.InvariantCulture, out var number) => (IpProtocol)number,
            _ => throw new FormatException($"'{tokens[0]}' is not a protocol: write {Example}"),
        };
        var hasPorts = protocol
            is IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Sctp or IpProtocol.UdpLite or IpProtocol.Dccp;
        IPEndPoint source = End(tokens[1], hasPorts), destination = End(tokens[2], hasPorts);
        if (source.AddressFamily != destination.AddressFamily)
            throw new FormatException($"{tokens[1]} and {tokens[2]} are of different families");
        var isIpv6 = source.AddressFamily == AddressFamily.InterNetworkV6;
        if (protocol == IpProtocol.Icmp && isIpv6)
            protocol = IpProtocol.Ipv6Icmp;
        var payload = protocol switch
        {
            IpProtocol.Tcp => Tcp(source, destination, tokens.Count > 3 ? tokens[3] : "S"),
            IpProtocol.Udp => Udp(source, destination),
            IpProtocol.Icmp or IpProtocol.Ipv6Icmp => Echo(protocol),
            _ when hasPorts => Ports(source, destination, OtherBytes),
            _ => new byte[IcmpBytes],
        };
        return [.. Ethernet(to, isIpv6),
            .. isIpv6 ? Ipv6(source.Address, destination.Address, protocol, payload.Length)
                : Ipv4(source.Address, destination.Address, protocol, payload.Length), .. payload];
    }

    private static IPEndPoint End(string text, bool hasPorts)
    {
        if (hasPorts)
            return IPEndPoint.TryParse(text, out var end) && text.Contains(':', StringComparison.Ordinal) ? end
                : throw new FormatException($"'{text}' is not an address with a port: write {Example}");
        return IPAddress.TryParse(text, out var address) ? new IPEndPoint(address, 0)
            : throw new FormatException($"'{text}' is not an address: write {Example}");
    }

    private static byte[] Ethernet(MacAddress to, bool isIpv6)
    {
        var bytes = new byte[EthernetPacket.HeaderLength];
        to.Write(bytes);
        new MacAddress(0x0200_0000_00fe).Write(bytes.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(12), (ushort)(isIpv6 ? EtherType.Ipv6 : EtherType.Ipv4));
        return bytes;
    }

    private static byte[] Ipv4(IPAddress source, IPAddress destination, IpProtocol protocol, int payload)
    {
        var bytes = new byte[Ipv4Header.Length];
        new Ipv4Header
        {
            PayloadLength = payload,
            Protocol = protocol,
            Source = Ipv4Address.From(source),
            Destination = Ipv4Address.From(destination),
        }.Write(bytes);
        return bytes;
    }

    private static byte[] Ipv6(IPAddress source, IPAddress destination, IpProtocol protocol, int payload)
    {
        var bytes = new byte[Ipv6Header.Length];
        new Ipv6Header
        {
            PayloadLength = payload,
            NextHeader = protocol,
            Source = Ipv6Address.From(source),
            Destination = Ipv6Address.From(destination),
        }.Write(bytes);
        return bytes;
    }

    private static byte[] Tcp(IPEndPoint source, IPEndPoint destination, string flags)
    {
        var bytes = Ports(source, destination, TcpBytes);
        bytes[12] = TcpBytes / 4 << 4;
        bytes[13] = TcpFlagText.TryParse(flags, out var bits) ? (byte)bits
            : throw new FormatException($"'{flags}' are not TCP flags: write letters of {TcpFlagText.Letters}");
        return bytes;
    }

    private static byte[] Udp(IPEndPoint source, IPEndPoint destination)
    {
        var bytes = Ports(source, destination, UdpBytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), UdpBytes);
        return bytes;
    }

    private static byte[] Ports(IPEndPoint source, IPEndPoint destination, int length)
    {
        var bytes = new byte[length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)destination.Port);
        return bytes;
    }

    private static byte[] Echo(IpProtocol protocol)
    {
        var bytes = new byte[IcmpBytes];
        bytes[0] = protocol == IpProtocol.Ipv6Icmp ? EchoRequest6 : (byte)IcmpType.EchoRequest;
        return bytes;
    }
}
