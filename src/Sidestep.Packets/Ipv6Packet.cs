using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A read-only view of an IPv6 packet (RFC 8200 section 3). Extension headers are part of the
/// payload.</summary>
public readonly ref struct Ipv6Packet
{
    /// <summary>Length of the header in bytes, without extension headers.</summary>
    public const int HeaderLength = 40;

    private readonly ReadOnlySpan<byte> _bytes; // header and payload, without padding

    private Ipv6Packet(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>DSCP in the upper six bits, ECN in the lower two (RFC 2474 section 3, RFC 3168 section 5).</summary>
    public byte TrafficClass => (byte)(FirstWord >> 20);

    /// <summary>The flow label, 0 to 0xfffff (RFC 6437).</summary>
    public uint FlowLabel => FirstWord & 0xfffff;

    /// <summary>The payload length field, in bytes: extension headers included. 0 in a jumbogram (RFC 2675).</summary>
    public int PayloadLength => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.PayloadLength..]);

    /// <summary>Type of the first extension header, or protocol of the payload; any value may occur.</summary>
    public IpProtocol NextHeader => (IpProtocol)_bytes[Offset.NextHeader];

    /// <summary>The number of hops that the packet may still take.</summary>
    public byte HopLimit => _bytes[Offset.HopLimit];

    /// <summary>Source address field: the sender's IPv6 address.</summary>
    public Ipv6Address Source => Ipv6Address.Read(_bytes[Offset.Source..]);

    /// <summary>Destination address field: the receiver's IPv6 address.</summary>
    public Ipv6Address Destination => Ipv6Address.Read(_bytes[Offset.Destination..]);

    /// <summary>The bytes after the header: extension headers included, the padding of the frame not.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    private uint FirstWord => BinaryPrimitives.ReadUInt32BigEndian(_bytes);

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws.</summary>
    /// <param name="bytes">The packet from the IPv6 header on; padding may follow.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when the version is not 6, or the packet is shorter than its length fields say.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Ipv6Packet packet)
    {
        if (!TryParseHeader(bytes, out packet))
            return false;
        var length = HeaderLength + packet.PayloadLength;
        if (length > bytes.Length)
            return false;
        packet = new Ipv6Packet(bytes[..length]);
        return true;
    }

    /// <summary>Creates a view of a packet whose end may be missing, such as a captured packet or one that an ICMP
    /// error quotes. After true, no accessor throws, and <see cref="Payload"/> is all that follows the
    /// header.</summary>
    /// <param name="bytes">The packet from the IPv6 header on.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when the version is not 6, or the header is incomplete.</returns>
    public static bool TryParseHeader(ReadOnlySpan<byte> bytes, out Ipv6Packet packet)
    {
        packet = new Ipv6Packet(bytes);
        return bytes.Length >= HeaderLength && bytes[0] >> 4 == 6;
    }

    internal static class Offset
    {
        internal const int PayloadLength = 4;
        internal const int NextHeader = 6;
        internal const int HopLimit = 7;
        internal const int Source = 8;
        internal const int Destination = 24;
    }
}
