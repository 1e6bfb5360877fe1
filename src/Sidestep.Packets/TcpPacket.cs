using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A read-only view of a TCP segment (RFC 9293 section 3.1).</summary>
public readonly ref struct TcpPacket
{
    /// <summary>Length of a header without options, in bytes.</summary>
    public const int MinimumHeaderLength = 20;

    private readonly ReadOnlySpan<byte> _bytes;

    private TcpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Source port, 0 to 65535, in host byte order.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.SourcePort..]);

    /// <summary>Destination port, 0 to 65535, in host byte order.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.DestinationPort..]);

    /// <summary>Sequence number of the first byte of the payload.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(_bytes[Offset.Sequence..]);

    /// <summary>Sequence number that the sender expects next; meaningless without
    /// <see cref="TcpControlBits.Ack"/>.</summary>
    public uint Acknowledgement => BinaryPrimitives.ReadUInt32BigEndian(_bytes[Offset.Acknowledgement..]);

    /// <summary>Length of the header with its options, in bytes, 20 to 60.</summary>
    public int HeaderLength => (_bytes[Offset.DataOffset] >> 4) * 4;

    /// <summary>All eight control bits (flags), such as SYN and ACK; any combination may occur.</summary>
    public TcpControlBits ControlBits => (TcpControlBits)_bytes[Offset.ControlBits];

    /// <summary>Receive window of the sender in bytes, before scaling.</summary>
    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Window..]);

    /// <summary>The checksum field, in host byte order; not verified.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Checksum..]);

    /// <summary>End of urgent data as an offset from <see cref="Sequence"/>, in bytes; meaningless without
    /// <see cref="TcpControlBits.Urg"/>.</summary>
    public ushort UrgentPointer => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.UrgentPointer..]);

    /// <summary>The options, 0 to 40 bytes, not validated.</summary>
    public ReadOnlySpan<byte> Options => _bytes[MinimumHeaderLength..HeaderLength];

    /// <summary>The bytes after the header and its options; empty for a bare ACK.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>True if the checksum over pseudo-header and segment is correct.</summary>
    /// <param name="source">Source address of the IPv4 header.</param>
    /// <param name="destination">Destination address of the IPv4 header.</param>
    public bool HasValidChecksum(Ipv4Address source, Ipv4Address destination) =>
        InternetChecksum.Finish(InternetChecksum.Sum(_bytes,
            InternetChecksum.SumPseudoHeader(source, destination, IpProtocol.Tcp, _bytes.Length))) == 0;

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws. The checksum is not
    /// verified.</summary>
    /// <param name="bytes">Payload of an unfragmented IPv4 datagram.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when the header is shorter than 20 bytes, or the payload shorter than its header.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out TcpPacket packet)
    {
        packet = default;
        if (bytes.Length < MinimumHeaderLength)
            return false;
        var headerLength = (bytes[Offset.DataOffset] >> 4) * 4;
        if (headerLength < MinimumHeaderLength || headerLength > bytes.Length)
            return false;
        packet = new TcpPacket(bytes);
        return true;
    }

    internal static class Offset
    {
        internal const int SourcePort = 0;
        internal const int DestinationPort = 2;
        internal const int Sequence = 4;
        internal const int Acknowledgement = 8;
        internal const int DataOffset = 12;
        internal const int ControlBits = 13;
        internal const int Window = 14;
        internal const int Checksum = 16;
        internal const int UrgentPointer = 18;
    }
}
