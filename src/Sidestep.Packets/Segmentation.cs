using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>Does in software what a sender left to its device: completes a checksum (checksum offload), and cuts a
/// GSO/GRO super-packet into the packets that the wire would have carried. Allocates nothing.</summary>
public ref struct Segmentation
{
    private const int EthernetHeader = EthernetPacket.HeaderLength, TagBytes = 4;

    private readonly ReadOnlySpan<byte> _frame;
    private readonly int _l3, _l4, _payload, _end, _bytes;
    private readonly bool _isTcp;
    private int _next;

    private Segmentation(ReadOnlySpan<byte> frame, int l3, int l4, int payload, int end, int bytes, bool isTcp)
    {
        _frame = frame;
        (_l3, _l4, _payload, _end, _bytes, _isTcp) = (l3, l4, payload, end, bytes, isTcp);
        _next = payload;
    }

    private readonly bool IsIpv6 => _frame[_l3] >> 4 == 6;

    /// <summary>Completes a checksum whose field holds only the sum of the pseudo-header so far.</summary>
    /// <param name="frame">The frame from the Ethernet header on.</param>
    /// <param name="start">Offset of the transport header in the frame, in bytes.</param>
    /// <param name="offset">Offset of the checksum field in the transport header, in bytes.</param>
    /// <returns>False when the field is not within the frame; then nothing was changed.</returns>
    public static bool TryComplete(Span<byte> frame, int start, int offset)
    {
        if (start < EthernetHeader || start + offset + 2 > frame.Length)
            return false;
        // The field holds the sum of the pseudo-header: the sum over everything is therefore the whole checksum.
        var sum = InternetChecksum.Compute(frame[start..]);
        // RFC 768: 0 would mean that there is no checksum. TCP does not distinguish 0 and 0xffff.
        BinaryPrimitives.WriteUInt16BigEndian(frame[(start + offset)..], sum == 0 ? (ushort)0xffff : sum);
        return true;
    }

    /// <summary>Begins to cut a super-packet.</summary>
    /// <param name="frame">The frame from the Ethernet header on: TCP or UDP over IPv4 or IPv6 without extension
    /// headers, with up to two VLAN tags.</param>
    /// <param name="segmentBytes">Payload of each segment except the last, in bytes.</param>
    /// <param name="parts">The segments, to be written by <see cref="WriteNext"/>.</param>
    /// <returns>False when the frame is of no such kind, or its lengths contradict each other.</returns>
    public static bool TryBegin(ReadOnlySpan<byte> frame, int segmentBytes, out Segmentation parts)
    {
        parts = default;
        var l3 = EthernetHeader;
        for (var tags = 0;
            tags < 2 && frame.Length >= l3 + TagBytes
            && BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 - 2)..])
                is (ushort)EtherType.Vlan or (ushort)EtherType.ServiceVlan;
            tags++)
            l3 += TagBytes;
        if (segmentBytes <= 0 || frame.Length < l3 + Ipv4Packet.MinimumHeaderLength)
            return false;
        int l4, end;
        IpProtocol protocol;
        switch (frame[l3] >> 4)
        {
            case 4 when (frame[l3] & 15) * 4 >= Ipv4Packet.MinimumHeaderLength:
                l4 = l3 + (frame[l3] & 15) * 4;
                end = l3 + BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 + 2)..]);
                protocol = (IpProtocol)frame[l3 + 9];
                break;
            case 6 when frame.Length >= l3 + Ipv6Packet.HeaderLength:
                l4 = l3 + Ipv6Packet.HeaderLength;
                end = l4 + BinaryPrimitives.ReadUInt16BigEndian(frame[(l3 + 4)..]);
                protocol = (IpProtocol)frame[l3 + 6];
                break;
            default:
                return false;
        }
        // A header cannot hold 65,536 bytes or more: its length is 0 (jumbograms, RFC 2675 section 2, and BIG TCP).
        if (end <= l4)
            end = frame.Length;
        var isTcp = protocol == IpProtocol.Tcp;
        var leastHeader = isTcp ? TcpPacket.MinimumHeaderLength : UdpPacket.HeaderLength;
        if ((!isTcp && protocol != IpProtocol.Udp) || frame.Length < l4 + leastHeader)
            return false;
        var payload = l4 + (isTcp ? (frame[l4 + 12] >> 4) * 4 : UdpPacket.HeaderLength);
        // A length field below the shortest header would place the fields of a segment behind its end.
        if (end > frame.Length || payload > end || payload < l4 + leastHeader)
            return false;
        parts = new Segmentation(frame, l3, l4, payload, end, segmentBytes, isTcp);
        return true;
    }

    /// <summary>Writes the next segment as a whole frame, with its own lengths, sequence number and
    /// checksums.</summary>
    /// <param name="to">Receives the segment, from the Ethernet header on.</param>
    /// <returns>Length of the frame in bytes; 0 after the last segment, or when <paramref name="to"/> is too
    /// short.</returns>
    public int WriteNext(Span<byte> to)
    {
        var bytes = Math.Min(_bytes, _end - _next);
        if (bytes <= 0 || _payload + bytes > to.Length)
            return 0;
        var part = to[..(_payload + bytes)];
        _frame[.._payload].CopyTo(part);
        _frame.Slice(_next, bytes).CopyTo(part[_payload..]);
        var isLast = _next + bytes == _end;
        WriteIp(part);
        if (_isTcp)
            WriteTcp(part[_l4..], isLast);
        else
            BinaryPrimitives.WriteUInt16BigEndian(part[(_l4 + 4)..], (ushort)(part.Length - _l4));
        WriteChecksum(part);
        _next += bytes;
        return part.Length;
    }

    private readonly void WriteIp(Span<byte> part)
    {
        var ip = part[_l3..];
        if (IsIpv6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(ip.Length - Ipv6Packet.HeaderLength));
            return;
        }
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        var number = (_next - _payload) / _bytes;
        var identification = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(identification + number));
        ip[10] = ip[11] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip[..(_l4 - _l3)]));
    }

    /// <summary>Only the last segment keeps FIN and PSH, only the first keeps CWR (RFC 3168 section 6.1.2).</summary>
    private readonly void WriteTcp(Span<byte> tcp, bool isLast)
    {
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence + (uint)(_next - _payload));
        if (!isLast)
            tcp[13] &= unchecked((byte)~(TcpControlBits.Fin | TcpControlBits.Psh));
        if (_next != _payload)
            tcp[13] &= unchecked((byte)~TcpControlBits.Cwr);
    }

    private readonly void WriteChecksum(Span<byte> part)
    {
        var at = _l4 + (_isTcp ? 16 : 6);
        part[at] = part[at + 1] = 0;
        var addresses = IsIpv6 ? part.Slice(_l3 + 8, 32) : part.Slice(_l3 + 12, 8);
        var protocol = _isTcp ? IpProtocol.Tcp : IpProtocol.Udp;
        var sum = InternetChecksum.SumPseudoHeader(addresses, protocol, part.Length - _l4);
        var checksum = InternetChecksum.Finish(InternetChecksum.Sum(part[_l4..], sum));
        BinaryPrimitives.WriteUInt16BigEndian(part[at..], checksum == 0 ? (ushort)0xffff : checksum);
    }
}
