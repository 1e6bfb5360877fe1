using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A read-only view of a UDP datagram (RFC 768).</summary>
public readonly ref struct UdpPacket
{
    /// <summary>Length of the header in bytes.</summary>
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> _bytes; // as long as the length field says

    private UdpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Source port in host byte order; 0 when the sender expects no reply.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.SourcePort..]);

    /// <summary>Destination port, 0 to 65535, in host byte order.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.DestinationPort..]);

    /// <summary>Length of header and payload, in bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>The checksum field, in host byte order, not verified; 0 when the sender computed none.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Checksum..]);

    /// <summary>The bytes after the header, without the padding of the frame.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>True if the checksum over pseudo-header and datagram is correct, or if the sender computed
    /// none.</summary>
    /// <param name="source">Source address of the IPv4 header.</param>
    /// <param name="destination">Destination address of the IPv4 header.</param>
    public bool HasValidChecksum(Ipv4Address source, Ipv4Address destination) =>
        Checksum == 0 || InternetChecksum.Finish(InternetChecksum.Sum(_bytes,
            InternetChecksum.SumPseudoHeader(source, destination, IpProtocol.Udp, _bytes.Length))) == 0;

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws. The checksum is not
    /// verified.</summary>
    /// <param name="bytes">Payload of an unfragmented IPv4 datagram.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when it is shorter than the header, or than its length field, or that is shorter than the
    /// header.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out UdpPacket packet)
    {
        packet = default;
        if (bytes.Length < HeaderLength)
            return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[Offset.Length..]);
        if (length < HeaderLength || length > bytes.Length)
            return false;
        packet = new UdpPacket(bytes[..length]);
        return true;
    }

    internal static class Offset
    {
        internal const int SourcePort = 0;
        internal const int DestinationPort = 2;
        internal const int Length = 4;
        internal const int Checksum = 6;
    }
}
