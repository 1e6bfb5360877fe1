using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A UDP header to be sent (RFC 768).</summary>
/// <param name="SourcePort">Port of the sender.</param>
/// <param name="DestinationPort">Port of the receiver.</param>
public readonly record struct UdpHeader(ushort SourcePort, ushort DestinationPort)
{
    /// <summary>Writes the header in front of a payload that is already there, with length and checksum.</summary>
    /// <param name="datagram">8 bytes of header, which are written, then the payload: 8 to 65,515 bytes.</param>
    /// <param name="source">Of the IPv4 header.</param>
    /// <param name="destination">Of the IPv4 header.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short or too long; nothing was written.</exception>
    public void Write(Span<byte> datagram, Ipv4Address source, Ipv4Address destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagram.Length, UdpPacket.HeaderLength, nameof(datagram));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(datagram.Length, Ipv4Header.MaxPayloadLength, nameof(datagram));
        BinaryPrimitives.WriteUInt16BigEndian(datagram[UdpPacket.Offset.SourcePort..], SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[UdpPacket.Offset.DestinationPort..], DestinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[UdpPacket.Offset.Length..], (ushort)datagram.Length);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[UdpPacket.Offset.Checksum..], 0);
        var checksum = InternetChecksum.Finish(InternetChecksum.Sum(datagram,
            InternetChecksum.SumPseudoHeader(source, destination, IpProtocol.Udp, datagram.Length)));
        // "If the computed checksum is zero, it is transmitted as all ones": zero would mean that there is none.
        BinaryPrimitives.WriteUInt16BigEndian(datagram[UdpPacket.Offset.Checksum..], checksum == 0 ? ushort.MaxValue : checksum);
    }
}
