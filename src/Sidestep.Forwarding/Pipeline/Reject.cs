using System.Buffers.Binary;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Handles packets that cannot be forwarded as they are: they are too big for the path to their server (RFC
/// 1191, RFC 8201), the drain of their server is over, or no service or no server can have them (RFC 1122 section
/// 3.2.2.1, RFC 9293).</summary>
internal static class Reject
{
    private const int SmallestMtu6 = 1280;

    /// <summary>The longest ICMP errors in bytes, RFC 1812 section 4.3.2.3 and RFC 4443 section 2.4 (c): they quote as
    /// much of the packet as fits.</summary>
    private const int LongestError4 = 576, LongestError6 = SmallestMtu6;

    // Type and code of ICMP errors, RFC 792 and RFC 4443 section 3, in the upper half of a word.
    private const uint HostUnreachable = 0x0301_0000, PortUnreachable = 0x0303_0000, FragmentationNeeded = 0x0304_0000;
    private const uint AddressUnreachable6 = 0x0103_0000, PortUnreachable6 = 0x0104_0000, TooBig6 = 0x0200_0000;

    /// <summary>Handles a packet that is too big: it is answered, punted to be fragmented, or dropped.</summary>
    internal static Decision Oversized(
        Packet p, ref Frame frame, ServiceRecord service, ServerRecord server, ref TokenBucket tokens, long now)
    {
        var policy = service.Entry.Oversized;
        if (policy == OversizedPolicy.Drop)
            return p.Drop(DropReason.TooBig);
        // At layer 2, the datagram itself would be fragmented: only IPv4 lets a router do so, and not fragments again.
        var fragments = server.Mode == ForwardingMode.L2
            ? p.MayFragment && !p.IsFirstFragment && !p.IsLaterFragment
            : policy == OversizedPolicy.Fragment || p.MayFragment;
        if (fragments)
            return Encapsulate.Frame(p, ref frame, server) ? Decision.Punted : p.Drop(DropReason.NoHeadroom);
        // The sender cannot make an IPv6 packet of at most 1280 bytes smaller.
        if (!MayReceiveError(p) || (p.IsIpv6 && p.Length <= SmallestMtu6))
            return p.Drop(DropReason.TooBig);
        if (!tokens.TryTake(now))
            return p.Drop(DropReason.TooBigRateLimited);
        return p.IsIpv6
            ? Error6(p, ref frame, TooBig6, Math.Max(server.InnerMtu, SmallestMtu6), Decision.IcmpTooBig)
            : Error4(p, ref frame, FragmentationNeeded, server.InnerMtu, Decision.IcmpTooBig);
    }

    /// <summary>Handles a packet to a VIP that no service matches. Its drop reason is set, and stays.</summary>
    internal static Decision WithoutService(
        Packet p, ref Frame frame, RejectPolicy policy, ref TokenBucket tokens, long now) =>
        policy == RejectPolicy.Drop || p.Reason is not (DropReason.NoService or DropReason.ProtocolUnsupported)
            ? Decision.Drop
            : Rejected(p, ref frame, policy, ref tokens, now);

    /// <summary>Handles a packet of a service that has no server for it. The sender gets a reply only if the packet
    /// begins a flow: a moment without servers must not end established connections.</summary>
    internal static Decision WithoutServer(
        Packet p, ref Frame frame, RejectPolicy policy, ref TokenBucket tokens, long now)
    {
        p.Reason = DropReason.NoServer;
        const TcpControlBits Handshake = TcpControlBits.Syn | TcpControlBits.Ack;
        var begins = p.Protocol != Parse.Tcp || (p.TcpFlags & Handshake) == TcpControlBits.Syn;
        return policy == RejectPolicy.Drop || !begins ? Decision.Drop : Rejected(p, ref frame, policy, ref tokens, now);
    }

    /// <summary>Replies to a packet, if it may get a reply and the rate limit has a token. A Linux client ends a
    /// connection attempt upon either ICMP error below; it tells applications with UDP sockets of ports
    /// alone.</summary>
    private static Decision Rejected(
        Packet p, ref Frame frame, RejectPolicy policy, ref TokenBucket tokens, long now)
    {
        var isTcp = p.Protocol == Parse.Tcp;
        var resets = isTcp && policy == RejectPolicy.Reset;
        if (p.Protocol == (p.IsIpv6 ? Parse.Icmpv6 : Parse.Icmp) || !MayReceiveError(p)
            || (isTcp && (p.TcpFlags & TcpControlBits.Rst) != 0)
            // The length of the data, which a reset acknowledges, is not known of a fragment.
            || (resets && p.IsFirstFragment)
            || !tokens.TryTake(now))
            return Decision.Drop;
        if (resets)
            return Reset(p, ref frame, p.Reason);
        var isHost = isTcp && p.Reason == DropReason.NoServer;
        return p.IsIpv6
            ? Error6(p, ref frame, isHost ? AddressUnreachable6 : PortUnreachable6, 0, Decision.IcmpUnreachable)
            : Error4(p, ref frame, isHost ? HostUnreachable : PortUnreachable, 0, Decision.IcmpUnreachable);
    }

    /// <summary>RFC 1122 section 3.2.2 and RFC 4443 section 2.4: no ICMP error about an ICMP error, a later fragment,
    /// or a packet whose source address does not identify a single host.</summary>
    private static bool MayReceiveError(Packet p)
    {
        if (p.IsQuoted || p.IsLaterFragment)
            return false;
        if (!p.IsIpv6)
            return (byte)p.Source0 is not (0 or 127 or >= 224);
        var last = BinaryPrimitives.ReverseEndianness(p.Source1);
        var isUnspecifiedOrLoopback = p.Source0 == 0 && last <= 1;
        return (byte)p.Source0 != 0xff && !isUnspecifiedOrLoopback;
    }

    /// <summary>Moves Ethernet header and tags to the new front of the frame, with the addresses swapped.</summary>
    /// <returns>The frame from the new IP header on.</returns>
    private static Span<byte> CopyLinkHeader(Packet p, Span<byte> frame, int added)
    {
        frame.Slice(added, p.L3).CopyTo(frame);
        Respond.SwapMacs(frame);
        return frame[p.L3..];
    }

    /// <summary>Turns the frame into an ICMP error about it, from the VIP to its sender.</summary>
    /// <param name="p">The packet.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="typeAndCode">Type and code of the message, in the upper 16 bits.</param>
    /// <param name="rest">The second word of the message, such as the MTU.</param>
    /// <param name="decision">The decision that the message is.</param>
    private static Decision Error4(Packet p, ref Frame frame, uint typeAndCode, int rest, Decision decision)
    {
        const int Headers = Parse.Ipv4Header + Parse.IcmpHeader;
        if (!frame.TryResize(p.L3 + Math.Min(p.Length, LongestError4 - Headers)) || !frame.TryPrepend(Headers))
            return p.Drop(DropReason.NoHeadroom);
        var ip = CopyLinkHeader(p, frame.Bytes, Headers);
        BinaryPrimitives.WriteUInt64BigEndian(ip, 0x4500UL << 48 | (ulong)(ip.Length & 0xffff) << 32);
        BinaryPrimitives.WriteUInt32BigEndian(ip[8..], (uint)(Respond.Ttl << 24 | Parse.Icmp << 16));
        // From the VIP: filters between director and client may drop the director's own address (adr/0057).
        BinaryPrimitives.WriteUInt32LittleEndian(ip[12..], (uint)p.Destination0);
        BinaryPrimitives.WriteUInt32LittleEndian(ip[16..], (uint)p.Source0);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip[..Parse.Ipv4Header]));
        var icmp = ip[Parse.Ipv4Header..];
        BinaryPrimitives.WriteUInt32BigEndian(icmp, typeAndCode);
        BinaryPrimitives.WriteUInt32BigEndian(icmp[4..], (uint)rest);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Compute(icmp));
        return decision;
    }

    /// <summary>The same for IPv6.</summary>
    private static Decision Error6(Packet p, ref Frame frame, uint typeAndCode, int rest, Decision decision)
    {
        const int Headers = Parse.Ipv6Header + Parse.IcmpHeader;
        if (!frame.TryResize(p.L3 + Math.Min(p.Length, LongestError6 - Headers)) || !frame.TryPrepend(Headers))
            return p.Drop(DropReason.NoHeadroom);
        var ip = CopyLinkHeader(p, frame.Bytes, Headers);
        var icmp = ip[Parse.Ipv6Header..];
        var header = new Ipv6Header
        {
            PayloadLength = icmp.Length,
            NextHeader = IpProtocol.Ipv6Icmp,
            HopLimit = Respond.Ttl,
            Source = p.Destination6,
            Destination = p.Source6,
        };
        header.Write(ip);
        BinaryPrimitives.WriteUInt32BigEndian(icmp, typeAndCode);
        BinaryPrimitives.WriteUInt32BigEndian(icmp[4..], (uint)rest);
        var checksum = InternetChecksum.Finish(InternetChecksum.Sum(icmp, InternetChecksum.SumPseudoHeader(
            header.Source, header.Destination, IpProtocol.Ipv6Icmp, icmp.Length)));
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], checksum);
        return decision;
    }

    /// <summary>Turns a segment into the reset that the server would send (RFC 9293 section 3.10.7.1): with the
    /// sequence number that the client expects, or with an acknowledgement of the segment.</summary>
    /// <param name="p">The packet.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="reason">The drop reason of a segment that gets no reset.</param>
    internal static Decision Reset(Packet p, ref Frame frame, DropReason reason)
    {
        const int HeaderWords = Parse.TcpHeader / 4;
        var segment = frame.Bytes[p.L4..(p.L3 + p.Length)];
        if (segment.Length < Parse.TcpHeader || (p.TcpFlags & TcpControlBits.Rst) != 0)
            return p.Drop(reason);
        var header = (segment[12] >> 4) * 4;
        if (header < Parse.TcpHeader || header > segment.Length)
            return p.Drop(DropReason.Malformed);
        uint sequence = 0, acknowledgement = 0;
        var flags = TcpControlBits.Rst;
        if ((p.TcpFlags & TcpControlBits.Ack) != 0)
        {
            sequence = BinaryPrimitives.ReadUInt32BigEndian(segment[8..]);
        }
        else
        {
            // SYN and FIN each occupy one sequence number.
            var sent = (uint)(segment.Length - header)
                + ((p.TcpFlags & TcpControlBits.Syn) != 0 ? 1u : 0) + ((p.TcpFlags & TcpControlBits.Fin) != 0 ? 1u : 0);
            acknowledgement = BinaryPrimitives.ReadUInt32BigEndian(segment[4..]) + sent;
            flags |= TcpControlBits.Ack;
        }
        var network = p.IsIpv6 ? Parse.Ipv6Header : Parse.Ipv4Header;
        if (!frame.TryResize(p.L3 + network + Parse.TcpHeader))
            return p.Drop(DropReason.NoHeadroom);
        var bytes = frame.Bytes;
        Respond.SwapMacs(bytes);
        var ip = bytes[p.L3..];
        var tcp = ip[network..];
        BinaryPrimitives.WriteUInt32LittleEndian(tcp, p.Ports << 16 | p.Ports >> 16);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], acknowledgement);
        BinaryPrimitives.WriteUInt64BigEndian(tcp[12..], (ulong)(HeaderWords << 12 | (int)flags) << 48);
        var addresses = p.IsIpv6 ? ip.Slice(8, 2 * Ipv6Address.Length) : ip.Slice(12, 2 * Ipv4Address.Length);
        Respond.SwapAddresses(addresses);
        if (p.IsIpv6)
        {
            new Ipv6Header
            {
                PayloadLength = Parse.TcpHeader,
                NextHeader = IpProtocol.Tcp,
                HopLimit = Respond.Ttl,
                Source = Ipv6Address.Read(addresses),
                Destination = Ipv6Address.Read(addresses[Ipv6Address.Length..]),
            }.Write(ip);
        }
        else
        {
            const ulong DontFragment = 0x4000;
            BinaryPrimitives.WriteUInt64BigEndian(
                ip, 0x4500UL << 48 | (ulong)(network + Parse.TcpHeader) << 32 | DontFragment);
            BinaryPrimitives.WriteUInt32BigEndian(ip[8..], (uint)(Respond.Ttl << 24 | Parse.Tcp << 16));
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip[..network]));
        }
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], InternetChecksum.Finish(
            InternetChecksum.Sum(tcp, InternetChecksum.SumPseudoHeader(addresses, IpProtocol.Tcp, Parse.TcpHeader))));
        return Decision.TcpReset;
    }
}
