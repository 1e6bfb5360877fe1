using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A view of a UDP datagram (RFC 768).</summary>
public readonly ref struct UdpPacket
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> _bytes; // exactly as many as the length field says

    private UdpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Port of the sender; 0 when it wants no answer.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.SourcePort..]);

    /// <summary>Port of the receiver.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.DestinationPort..]);

    /// <summary>Bytes of header and payload.</summary>
    public int Length => _bytes.Length;

    /// <summary>As it stands in the header; 0 means that the sender computed none.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Checksum..]);

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>There is no checksum, or it is right.</summary>
    /// <param name="source">Of the IPv4 header.</param>
    /// <param name="destination">Of the IPv4 header.</param>
    public bool HasValidChecksum(Ipv4Address source, Ipv4Address destination) =>
        Checksum == 0 || InternetChecksum.Finish(InternetChecksum.Sum(_bytes,
            InternetChecksum.SumPseudoHeader(source, destination, IpProtocol.Udp, _bytes.Length))) == 0;

    /// <summary>The only door: after true no accessor throws. The checksum is not judged.</summary>
    /// <param name="bytes">Payload of an unfragmented IPv4 datagram.</param>
    /// <param name="packet">The view; without meaning when false.</param>
    /// <returns>False when it is shorter than the header, or than its length field, or that is shorter than the header.</returns>
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
