using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Stage Parse: reads Ethernet, IP and transport headers into the packet. It never reads beyond the end of the
/// datagram: padding is no data.</summary>
internal static class Parse
{
    // As integers: the stages compute with them.
    internal const int Icmp = (int)IpProtocol.Icmp, Icmpv6 = (int)IpProtocol.Ipv6Icmp;
    internal const int Tcp = (int)IpProtocol.Tcp, Udp = (int)IpProtocol.Udp;
    internal const int Sctp = (int)IpProtocol.Sctp, UdpLite = (int)IpProtocol.UdpLite, Dccp = (int)IpProtocol.Dccp;
    internal const int IpIp = (int)IpProtocol.Ipv4, Ipv6InIp = (int)IpProtocol.Ipv6, Gre = (int)IpProtocol.Gre;
    internal const int EthernetHeader = EthernetPacket.HeaderLength, Ipv4Header = Packets.Ipv4Header.Length;
    internal const int Ipv6Header = Packets.Ipv6Header.Length, IcmpHeader = IcmpPacket.HeaderLength;
    internal const int TcpHeader = TcpPacket.MinimumHeaderLength;
    internal const int Ipv4 = (int)EtherType.Ipv4, Arp = (int)EtherType.Arp, Ipv6 = (int)EtherType.Ipv6;
    private const int VlanTag = (int)EtherType.Vlan, ServiceTag = (int)EtherType.ServiceVlan;
    private const int TagBytes = 4, MaxTags = 2;

    /// <summary>The shortest accepted transport header in bytes: both ports, and the 8 bytes that ICMP quotes (RFC
    /// 792).</summary>
    private const int MinTransportBytes = 8;

    private const int TcpFlagsAt = 13;

    private const int EchoReply4 = 0, EchoReply6 = 129; // RFC 792, RFC 4443 section 4.2

    // The third word of an IPv4 header.
    private const int DontFragment = 0x4000, MoreFragments = 0x2000, OffsetMask = 0x1fff;

    // Extension headers, RFC 8200 section 4; AH: RFC 4302.
    private const int HopByHop = (int)IpProtocol.HopOpt, Routing = (int)IpProtocol.Ipv6Route;
    private const int Fragment = (int)IpProtocol.Ipv6Frag, Authentication = (int)IpProtocol.Ah;
    private const int DestinationOptions = (int)IpProtocol.Ipv6Opts;
    private const int MaxExtensionHeaders = 6;

    /// <summary>True for protocols whose header begins with both ports (RFC 9293, RFC 768, RFC 9260, RFC 3828, RFC
    /// 4340).</summary>
    internal static bool HasPorts(int protocol) => protocol is Tcp or Udp || protocol is Sctp or UdpLite or Dccp;

    /// <summary>The EtherType after up to two VLAN tags; 0: there are more tags, or the frame ends within
    /// them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Link(Packet p, ReadOnlySpan<byte> frame)
    {
        int type = BinaryPrimitives.ReadUInt16BigEndian(frame.Slice(12, 2));
        p.L3 = EthernetHeader;
        return type is VlanTag or ServiceTag ? Tagged(p, frame, type) : type;
    }

    private static int Tagged(Packet p, ReadOnlySpan<byte> frame, int type)
    {
        for (var tags = 0; type is VlanTag or ServiceTag; tags++)
        {
            if (tags == MaxTags || frame.Length < p.L3 + TagBytes)
                return 0;
            type = BinaryPrimitives.ReadUInt16BigEndian(frame[(p.L3 + 2)..]);
            p.L3 += TagBytes;
        }
        return type;
    }

    /// <summary>Reads sender and target protocol addresses of an ARP packet (RFC 826); false when it is too
    /// short.</summary>
    internal static bool ArpAddresses(Packet p, ReadOnlySpan<byte> frame)
    {
        const int Bytes = 28, SenderAt = 14, TargetAt = 24;
        if (frame.Length < p.L3 + Bytes)
            return false;
        p.Source0 = BinaryPrimitives.ReadUInt32LittleEndian(frame[(p.L3 + SenderAt)..]);
        p.Destination0 = BinaryPrimitives.ReadUInt32LittleEndian(frame[(p.L3 + TargetAt)..]);
        return true;
    }

    /// <summary>Reads the IPv4 header (RFC 791 section 3.1) and the transport header. A defect becomes the packet's
    /// drop reason.</summary>
    /// <returns>False when the frame ends before the addresses.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Datagram4(Packet p, ReadOnlySpan<byte> frame)
    {
        var (l3, available) = (p.L3, frame.Length - p.L3);
        if (available < Ipv4Header)
            return false;
        // As few reads as possible, from a slice of known length: each read and each slice costs a bounds check.
        var ip = frame.Slice(l3, Ipv4Header);
        var head = BinaryPrimitives.ReadUInt64BigEndian(ip);
        var addresses = BinaryPrimitives.ReadUInt64LittleEndian(ip[12..]);
        p.Source0 = (uint)addresses;
        p.Destination0 = addresses >> 32;
        int first = (byte)(head >> 56), header = (first & 15) * 4, length = (ushort)(head >> 32);
        p.Length = length;
        p.TrafficClass = (byte)(head >> 48);
        if (first >> 4 != 4 || header < Ipv4Header || length < header || length > available)
        {
            p.Reason = DropReason.Malformed;
            return true;
        }
        p.MayFragment = (head & DontFragment) == 0;
        if ((head & (OffsetMask | MoreFragments)) != 0)
        {
            p.Flags = (head & OffsetMask) != 0 ? PacketFlags.LaterFragment : PacketFlags.FirstFragment;
            p.FragmentId = BinaryPrimitives.ReadUInt16LittleEndian(ip[4..]);
        }
        Transport(p, ip[9], l3 + header, frame.Slice(l3 + header, length - header));
        return true;
    }

    /// <summary>Reads the IPv6 header, extension headers (RFC 8200 sections 3 and 4) and the transport header. A defect
    /// becomes the packet's drop reason.</summary>
    /// <returns>False when the frame ends before the addresses.</returns>
    internal static bool Datagram6(Packet p, ReadOnlySpan<byte> frame)
    {
        if (frame.Length < p.L3 + Ipv6Header)
            return false;
        var ip = frame.Slice(p.L3, Ipv6Header);
        p.IsIpv6 = true;
        p.Source0 = BinaryPrimitives.ReadUInt64LittleEndian(ip[8..]);
        p.Source1 = BinaryPrimitives.ReadUInt64LittleEndian(ip[16..]);
        p.Destination0 = BinaryPrimitives.ReadUInt64LittleEndian(ip[24..]);
        p.Destination1 = BinaryPrimitives.ReadUInt64LittleEndian(ip[32..]);
        p.Length = Ipv6Header + BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        var first = BinaryPrimitives.ReadUInt32BigEndian(ip);
        p.TrafficClass = first >> 20 & 0xff;
        if (first >> 28 != 6 || p.L3 + p.Length > frame.Length)
        {
            p.Reason = DropReason.Malformed;
            return true;
        }
        int next = ip[6], at = p.L3 + Ipv6Header;
        var datagram = frame[..(p.L3 + p.Length)];
        p.Reason = Extensions(datagram, ref next, ref at, ref p.Flags, ref p.FragmentId);
        if (p.Reason == 0)
            Transport(p, next, at, datagram[at..]);
        return true;
    }

    /// <summary>Skips the headers in front of the transport header, up to the header of a later fragment.</summary>
    /// <param name="datagram">The frame up to the end of the datagram.</param>
    /// <param name="next">Type of the first header; then that of the transport header.</param>
    /// <param name="at">Offset of the first header, in bytes; then that of the transport header.</param>
    /// <param name="flags">Becomes the kind of fragment, if there is a fragment header.</param>
    /// <param name="fragmentId">Becomes its identification.</param>
    /// <returns>0, or the drop reason.</returns>
    private static DropReason Extensions(
        ReadOnlySpan<byte> datagram, ref int next, ref int at, ref PacketFlags flags, ref uint fragmentId)
    {
        for (var headers = 0; (flags & PacketFlags.LaterFragment) == 0 && IsExtension(next); headers++)
        {
            if (headers == MaxExtensionHeaders)
                return DropReason.ExtensionHeaders;
            if (datagram.Length < at + 8)
                return DropReason.Malformed;
            var header = datagram.Slice(at, 8);
            if (next == Routing && header[2] == 0)
                return DropReason.ExtensionHeaders; // type 0, RFC 5095
            if (next == Fragment)
            {
                var offset = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
                flags = offset >> 3 != 0 ? PacketFlags.LaterFragment
                    : (offset & 1) != 0 ? PacketFlags.FirstFragment : 0;
                fragmentId = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            }
            at += next switch
            {
                Fragment => 8,
                Authentication => (header[1] + 2) * 4,
                _ => (header[1] + 1) * 8,
            };
            if (at > datagram.Length)
                return DropReason.Malformed;
            next = header[0];
        }
        return 0;
    }

    private static bool IsExtension(int next) =>
        next is HopByHop or Routing or Fragment or Authentication or DestinationOptions;

    /// <summary>Reads ports and TCP flags, or the kind of an ICMP message. A defect becomes the packet's drop
    /// reason.</summary>
    /// <param name="p">The packet.</param>
    /// <param name="protocol">Protocol of the transport header.</param>
    /// <param name="at">Offset of the transport header in the frame, in bytes.</param>
    /// <param name="transport">The transport header, up to the end of the datagram.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transport(Packet p, int protocol, int at, ReadOnlySpan<byte> transport)
    {
        p.Protocol = protocol;
        p.L4 = at;
        if (protocol is Tcp or Udp)
            Ports(p, transport);
        else
            OtherTransport(p, transport);
    }

    // Out of line: it must not cost TCP and UDP registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OtherTransport(Packet p, ReadOnlySpan<byte> transport)
    {
        if (p.HasPorts)
            Ports(p, transport);
        else if (p.Protocol == (p.IsIpv6 ? Icmpv6 : Icmp))
            IcmpType(p, transport);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ports(Packet p, ReadOnlySpan<byte> transport)
    {
        if (p.IsLaterFragment)
            return;
        if (transport.Length < MinTransportBytes)
        {
            p.Reason = DropReason.Malformed;
            return;
        }
        p.Ports = BinaryPrimitives.ReadUInt32LittleEndian(transport);
        if (p.Protocol == Tcp && transport.Length >= TcpHeader)
            p.TcpFlags = (TcpControlBits)transport[TcpFlagsAt];
    }

    private static void IcmpType(Packet p, ReadOnlySpan<byte> message)
    {
        if (p.IsLaterFragment)
            p.Flags |= PacketFlags.EchoRequest;
        else if (message.Length < IcmpHeader)
            p.Reason = DropReason.Malformed;
        else
            p.Flags |= p.IsIpv6 ? Kind6(message[0], message[1]) : Kind4(message[0], message[1]);
    }

    /// <summary>Kind of an ICMP message. Errors are destination unreachable, time exceeded and parameter problem (RFC
    /// 792).</summary>
    private static PacketFlags Kind4(int type, int code) => type switch
    {
        8 when code == 0 => PacketFlags.EchoRequest,
        3 or 11 or 12 => PacketFlags.IcmpError,
        _ => 0,
    };

    /// <summary>Kind of an ICMPv6 message. Errors are destination unreachable, packet too big, time exceeded and
    /// parameter problem (RFC 4443 section 3).</summary>
    private static PacketFlags Kind6(int type, int code) => type switch
    {
        128 when code == 0 => PacketFlags.EchoRequest,
        >= 1 and <= 4 => PacketFlags.IcmpError,
        Respond.NeighbourSolicitation => PacketFlags.Solicitation,
        _ => 0,
    };

    /// <summary>Reads the packet that an ICMP error quotes, which a server sent to its client. The tuple becomes that
    /// of the flow, in the opposite direction. Eight bytes of the quoted transport header are enough (RFC 792). A
    /// quoted packet without ports is parsed as one that arrives: its addresses and its protocol decide.</summary>
    internal static QuoteKind Quote(Packet p, ReadOnlySpan<byte> frame)
    {
        var quoted = frame[(p.L4 + IcmpHeader)..(p.L3 + p.Length)];
        PacketFlags flags = 0;
        int transport;
        if (p.IsIpv6)
        {
            if (quoted.Length < Ipv6Header || quoted[0] >> 4 != 6
                || BinaryPrimitives.ReadUInt64LittleEndian(quoted[8..]) != p.Destination0
                || BinaryPrimitives.ReadUInt64LittleEndian(quoted[16..]) != p.Destination1)
                return QuoteKind.Unknown;
            p.Source0 = BinaryPrimitives.ReadUInt64LittleEndian(quoted[24..]);
            p.Source1 = BinaryPrimitives.ReadUInt64LittleEndian(quoted[32..]);
            int next = quoted[6];
            transport = Ipv6Header;
            uint fragmentId = 0;
            if (Extensions(quoted, ref next, ref transport, ref flags, ref fragmentId) != 0)
                return QuoteKind.Unknown;
            p.Protocol = next;
        }
        else
        {
            if (quoted.Length < Ipv4Header || quoted[0] >> 4 != 4 || (quoted[0] & 15) * 4 < Ipv4Header
                || BinaryPrimitives.ReadUInt32LittleEndian(quoted[12..]) != (uint)p.Destination0)
                return QuoteKind.Unknown;
            p.Source0 = BinaryPrimitives.ReadUInt32LittleEndian(quoted[16..]);
            p.Protocol = quoted[9];
            if ((BinaryPrimitives.ReadUInt16BigEndian(quoted[6..]) & OffsetMask) != 0)
                flags = PacketFlags.LaterFragment;
            transport = (quoted[0] & 15) * 4;
        }
        p.Flags |= PacketFlags.Quoted;
        if (p.Protocol == (p.IsIpv6 ? Icmpv6 : Icmp))
            return QuotedIcmp(p, flags, quoted, transport);
        if (!p.HasPorts)
            return QuoteKind.Flow;
        if (flags == PacketFlags.LaterFragment)
            return QuoteKind.LaterFragment;
        if (quoted.Length < transport + MinTransportBytes)
            return QuoteKind.Unknown;
        var ports = BinaryPrimitives.ReadUInt32LittleEndian(quoted[transport..]);
        p.Ports = ports << 16 | ports >> 16;
        return QuoteKind.Flow;
    }

    /// <summary>Kind of a quoted ICMP message. A later fragment is one of an echo reply, since no other message is long
    /// enough; there is no error about an error (RFC 1122 section 3.2.2).</summary>
    private static QuoteKind QuotedIcmp(Packet p, PacketFlags flags, ReadOnlySpan<byte> quoted, int at)
    {
        if (flags != PacketFlags.LaterFragment)
        {
            if (quoted.Length < at + IcmpHeader)
                return QuoteKind.Unknown;
            int type = quoted[at], code = quoted[at + 1];
            if (((p.IsIpv6 ? Kind6(type, code) : Kind4(type, code)) & PacketFlags.IcmpError) != 0)
                return QuoteKind.Unknown;
            if (type != (p.IsIpv6 ? EchoReply6 : EchoReply4) || code != 0)
                return QuoteKind.Flow;
        }
        p.Flags |= PacketFlags.WithoutPorts;
        return QuoteKind.Echo;
    }
}

/// <summary>What an ICMP error quotes.</summary>
internal enum QuoteKind
{
    /// <summary>No packet that a server sent from this VIP, or too little of it.</summary>
    Unknown,

    /// <summary>A packet whose protocol and ports, if it has ports, are known.</summary>
    Flow,

    /// <summary>A later fragment of a protocol with ports, which has none itself.</summary>
    LaterFragment,

    /// <summary>An echo reply.</summary>
    Echo,
}
