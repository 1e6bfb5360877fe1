using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A UDP header over IPv4, ready to be written (RFC 768).</summary>
/// <param name="SourcePort">Port of the sender.</param>
/// <param name="DestinationPort">Port of the receiver.</param>
public readonly record struct UdpHeader(ushort SourcePort, ushort DestinationPort)
{
    /// <summary>Writes the header in front of a payload that is already in the buffer, with length and
    /// checksum.</summary>
    /// <param name="datagram">8 to 65,515 bytes: the first 8 are written, the rest is the payload.</param>
    /// <param name="source">Source address of the IPv4 header.</param>
    /// <param name="destination">Destination address of the IPv4 header.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short or too long; nothing was
    /// written.</exception>
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
        // RFC 768: "If the computed checksum is zero, it is transmitted as all ones". Zero means no checksum.
        BinaryPrimitives.WriteUInt16BigEndian(
            datagram[UdpPacket.Offset.Checksum..], checksum == 0 ? ushort.MaxValue : checksum);
    }
}
