using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A TCP header over IPv4, without options or urgent data, ready to be written (RFC 9293 section
/// 3.1).</summary>
public sealed record TcpHeader
{
    /// <summary>Source port, 0 to 65535, in host byte order.</summary>
    public required ushort SourcePort { get; init; }

    /// <summary>Destination port, 0 to 65535, in host byte order.</summary>
    public required ushort DestinationPort { get; init; }

    /// <summary>Sequence number of the first byte of the payload.</summary>
    public uint Sequence { get; init; }

    /// <summary>Sequence number that the sender expects next; 0 without <see cref="TcpControlBits.Ack"/>.</summary>
    public uint Acknowledgement { get; init; }

    /// <summary>The control bits (flags) of the segment, such as SYN and ACK.</summary>
    public required TcpControlBits ControlBits { get; init; }

    /// <summary>Receive window of the sender in bytes, not scaled.</summary>
    public ushort Window { get; init; } = ushort.MaxValue;

    /// <summary>Writes the header in front of a payload that is already in the buffer, with the checksum over
    /// both.</summary>
    /// <param name="segment">20 to 65,515 bytes: the first 20 are written, the rest is the payload.</param>
    /// <param name="source">Source address of the IPv4 header.</param>
    /// <param name="destination">Destination address of the IPv4 header.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short or too long; nothing was
    /// written.</exception>
    public void Write(Span<byte> segment, Ipv4Address source, Ipv4Address destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segment.Length, TcpPacket.MinimumHeaderLength, nameof(segment));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(segment.Length, Ipv4Header.MaxPayloadLength, nameof(segment));
        BinaryPrimitives.WriteUInt16BigEndian(segment[TcpPacket.Offset.SourcePort..], SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[TcpPacket.Offset.DestinationPort..], DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(segment[TcpPacket.Offset.Sequence..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(segment[TcpPacket.Offset.Acknowledgement..], Acknowledgement);
        segment[TcpPacket.Offset.DataOffset] = TcpPacket.MinimumHeaderLength / 4 << 4;
        segment[TcpPacket.Offset.ControlBits] = (byte)ControlBits;
        BinaryPrimitives.WriteUInt16BigEndian(segment[TcpPacket.Offset.Window..], Window);
        BinaryPrimitives.WriteUInt16BigEndian(segment[TcpPacket.Offset.UrgentPointer..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(segment[TcpPacket.Offset.Checksum..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(segment[TcpPacket.Offset.Checksum..],
            InternetChecksum.Finish(InternetChecksum.Sum(segment,
                InternetChecksum.SumPseudoHeader(source, destination, IpProtocol.Tcp, segment.Length))));
    }
}
