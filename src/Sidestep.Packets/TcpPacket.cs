using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The control bits of a TCP segment (RFC 9293 section 3.1; ECE and CWR: RFC 3168 section 6.1).</summary>
[Flags]
public enum TcpControlBits : byte
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>The sender is finished.</summary>
    Fin = 1,

    /// <summary>Opens a connection.</summary>
    Syn = 2,

    /// <summary>Breaks it off.</summary>
    Rst = 4,

    /// <summary>Deliver at once.</summary>
    Psh = 8,

    /// <summary>The acknowledgement number counts.</summary>
    Ack = 16,

    /// <summary>The urgent pointer counts.</summary>
    Urg = 32,

    /// <summary>Congestion was experienced.</summary>
    Ece = 64,

    /// <summary>The congestion window was reduced.</summary>
    Cwr = 128,
}

/// <summary>A view of a TCP segment (RFC 9293 section 3.1).</summary>
public readonly ref struct TcpPacket
{
    /// <summary>Bytes of a header without options.</summary>
    public const int MinimumHeaderLength = 20;

    private readonly ReadOnlySpan<byte> _bytes;

    private TcpPacket(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Port of the sender.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.SourcePort..]);

    /// <summary>Port of the receiver.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.DestinationPort..]);

    /// <summary>Number of the first byte of the payload.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(_bytes[Offset.Sequence..]);

    /// <summary>Number of the byte expected next.</summary>
    public uint Acknowledgement => BinaryPrimitives.ReadUInt32BigEndian(_bytes[Offset.Acknowledgement..]);

    /// <summary>Bytes of the header with its options, 20 to 60.</summary>
    public int HeaderLength => (_bytes[Offset.DataOffset] >> 4) * 4;

    /// <summary>The control bits.</summary>
    public TcpControlBits ControlBits => (TcpControlBits)_bytes[Offset.ControlBits];

    /// <summary>Bytes that the sender can take, before scaling.</summary>
    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Window..]);

    /// <summary>As it stands in the header.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Checksum..]);

    /// <summary>Where urgent data end, relative to <see cref="Sequence"/>.</summary>
    public ushort UrgentPointer => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.UrgentPointer..]);

    /// <summary>The options, 0 to 40 bytes, not judged.</summary>
    public ReadOnlySpan<byte> Options => _bytes[MinimumHeaderLength..HeaderLength];

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    /// <summary>The segment is what its checksum says.</summary>
    /// <param name="source">Of the IPv4 header.</param>
    /// <param name="destination">Of the IPv4 header.</param>
    public bool HasValidChecksum(Ipv4Address source, Ipv4Address destination) =>
        InternetChecksum.Finish(InternetChecksum.Sum(_bytes,
            InternetChecksum.SumPseudoHeader(source, destination, IpProtocol.Tcp, _bytes.Length))) == 0;

    /// <summary>The only door: after true no accessor throws. The checksum is not judged.</summary>
    /// <param name="bytes">Payload of an unfragmented IPv4 datagram.</param>
    /// <param name="packet">The view; without meaning when false.</param>
    /// <returns>False when it is shorter than its header, or the header than 20 bytes.</returns>
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
