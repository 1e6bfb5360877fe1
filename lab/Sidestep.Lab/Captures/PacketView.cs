using System.Buffers.Binary;

namespace Sidestep.Lab.Captures;

/// <summary>A packet of either family: its addresses, and what it carries.</summary>
internal readonly ref struct PacketView
{
    private const int EtherTypeIpv4 = 0x0800, EtherTypeIpv6 = 0x86dd;
    private const int Ipv4MinLength = 20, Ipv6Length = 40;
    private const int Ipv4InIp = 4, Udp = 17, Ipv6InIp = 41, Gre = 47;
    private const int GreLength = 4, UdpLength = 8, GueLength = 4;
    private const int GuePort = 6080;

    private readonly int _protocol;
    private readonly ReadOnlySpan<byte> _payload;

    private PacketView(int protocol, ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination,
        ReadOnlySpan<byte> payload)
    {
        _protocol = protocol;
        Source = source;
        Destination = destination;
        _payload = payload;
    }

    /// <summary>False: there is no packet, or its header is incomplete.</summary>
    public bool IsWhole => !Source.IsEmpty;

    public ReadOnlySpan<byte> Source { get; }

    public ReadOnlySpan<byte> Destination { get; }

    public static PacketView OfEtherType(int type, ReadOnlySpan<byte> bytes) => type switch
    {
        EtherTypeIpv4 => Ipv4(bytes),
        EtherTypeIpv6 => Ipv6(bytes),
        _ => default,
    };

    /// <summary>The packet inside this one: IP-in-IP, GRE without options, or GUE without options to its own
    /// port.</summary>
    public PacketView Inner() => OfProtocol(_protocol, _payload) is { IsWhole: true } direct ? direct : _protocol switch
    {
        Gre when _payload.Length >= GreLength && BinaryPrimitives.ReadUInt16BigEndian(_payload) == 0
            => OfEtherType(BinaryPrimitives.ReadUInt16BigEndian(_payload[2..]), _payload[GreLength..]),
        Udp when _payload.Length >= UdpLength + GueLength
            && BinaryPrimitives.ReadUInt16BigEndian(_payload[2..]) == GuePort && _payload[UdpLength] == 0
            => OfProtocol(_payload[UdpLength + 1], _payload[(UdpLength + GueLength)..]),
        _ => default,
    };

    private static PacketView OfProtocol(int protocol, ReadOnlySpan<byte> bytes) => protocol switch
    {
        Ipv4InIp => Ipv4(bytes),
        Ipv6InIp => Ipv6(bytes),
        _ => default,
    };

    private static PacketView Ipv4(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Ipv4MinLength)
            return default;
        var length = Math.Min(bytes.Length, (bytes[0] & 0xf) * 4);
        return new PacketView(bytes[9], bytes.Slice(12, 4), bytes.Slice(16, 4), bytes[length..]);
    }

    private static PacketView Ipv6(ReadOnlySpan<byte> bytes)
        => bytes.Length < Ipv6Length
            ? default : new PacketView(bytes[6], bytes.Slice(8, 16), bytes.Slice(24, 16), bytes[Ipv6Length..]);
}
