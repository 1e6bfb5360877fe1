using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Stage Encapsulate: at layer 2, a frame gets new Ethernet addresses; at layer 3, also an outer header in
/// front of the unchanged datagram. VLAN tags stay as received.</summary>
internal static class Encapsulate
{
    private const int OuterTtl = 64, GueLowestPort = 0xc000, MacBytes = 12, TypeBytes = 2;
    private const uint Version4 = 0x4500, DontFragment = 0x4000, Ttl = OuterTtl << 8;

    /// <summary>Sum of the 16-bit words that are the same in every outer IPv4 header.</summary>
    internal const uint ConstantSum = Version4 + DontFragment + Ttl;

    /// <summary>Encapsulates a frame for its server.</summary>
    /// <remarks>The common case, one IPv4 header at a constant offset, is inlined. All others are one call in tail
    /// position: values that live across a call are spilled to memory, also for packets that do not make the
    /// call.</remarks>
    /// <returns>False when there is too little headroom; then nothing was changed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Frame(Packet p, ref Frame frame, ServerRecord server)
    {
        if (!server.IsSimpleIpIp || p.L3 != Parse.EthernetHeader)
            return OtherFrame(p, ref frame, server);
        if (!frame.TryPrepend(Parse.Ipv4Header, out var bytes))
            return false;
        var headers = bytes[..(Parse.EthernetHeader + Parse.Ipv4Header)];
        WriteIpv4(p, headers[MacBytes..], server, Parse.Ipv4Header, 0);
        WriteMacs(headers, server);
        return true;
    }

    private static bool OtherFrame(Packet p, ref Frame frame, ServerRecord server)
    {
        var mode = server.Mode;
        if (mode == ForwardingMode.L2)
        {
            WriteMacs(frame.Bytes, server);
            return true;
        }
        // The sum over the datagram, before its offset changes: see WriteGue.
        var sum = mode == ForwardingMode.Gue && server.IsOuterIpv6
            ? InternetChecksum.Sum(frame.Bytes.Slice(p.L3, p.Length)) : 0;
        if (!frame.TryPrepend(server.OuterBytes, out var bytes))
            return false;
        if (p.L3 > Parse.EthernetHeader)
            MoveTags(p, bytes, server);
        var outer = bytes.Slice(p.L3 - TypeBytes, TypeBytes + server.OuterBytes);
        if (server.IsOuterIpv6)
            WriteIpv6(p, outer, server);
        else
            WriteIpv4(p, outer, server, server.OuterBytes, server.SourceMask == 0 ? 0 : HostBits(p, server));
        if (mode != ForwardingMode.IpIp)
        {
            var ipBytes = server.IsOuterIpv6 ? Parse.Ipv6Header : Parse.Ipv4Header;
            WriteTunnelHeader(p, outer[(TypeBytes + ipBytes)..], server, mode, sum);
        }
        WriteMacs(bytes, server);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteMacs(Span<byte> frame, ServerRecord server)
    {
        var macs = frame[..MacBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(macs, server.Macs);
        BinaryPrimitives.WriteUInt32LittleEndian(macs[8..], server.MacsRest);
    }

    private static void MoveTags(Packet p, Span<byte> bytes, ServerRecord server) =>
        bytes[(server.OuterBytes + MacBytes)..(server.OuterBytes + p.L3 - TypeBytes)].CopyTo(bytes[MacBytes..]);

    private static uint ProtocolOf(Packet p, ServerRecord server) => p.IsIpv6 ? server.Protocol6 : server.Protocol4;

    /// <summary>The bits of an outer IPv4 source address that differ by flow.</summary>
    private static uint HostBits(Packet p, ServerRecord server) =>
        BinaryPrimitives.ReverseEndianness(FlowId.Entropy(p)) & server.SourceMask;

    private static void WriteTunnelHeader(
        Packet p, Span<byte> tunnel, ServerRecord server, ForwardingMode mode, ulong datagramSum)
    {
        if (mode == ForwardingMode.Gre)
            WriteGre(p, tunnel);
        else
            WriteGue(p, tunnel, server, datagramSum);
    }

    /// <summary>Writes the outer IPv4 header (RFC 2003 section 3.1). DSCP is copied, and so is ECN (RFC 6040 section
    /// 4.1, normal mode). DF is set and the identification is 0: an atomic datagram (RFC 6864 section 4.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteIpv4(
        Packet p, Span<byte> typeAndHeader, ServerRecord server, int outerBytes, uint hostBits)
    {
        var length = (uint)(p.Length + outerBytes);
        var protocol = ProtocolOf(p, server);
        var sum = server.HeaderSum + p.TrafficClass + length + protocol + (hostBits >> 16) + (hostBits & 0xffff);
        // Adds the upper and the lower 16 bits with end-around carry (RFC 1071 section 2): the result is in the upper
        // ones.
        var checksum = ~(sum + BitOperations.RotateLeft(sum, 16)) >> 16;
        BinaryPrimitives.WriteUInt16BigEndian(typeAndHeader, Parse.Ipv4);
        var ip = typeAndHeader.Slice(TypeBytes, Parse.Ipv4Header);
        BinaryPrimitives.WriteUInt64BigEndian(
            ip, (ulong)(Version4 | p.TrafficClass) << 48 | (ulong)length << 32 | DontFragment);
        BinaryPrimitives.WriteUInt32BigEndian(ip[8..], (Ttl | protocol) << 16 | checksum);
        // The source prefix has zeros where the host bits are.
        BinaryPrimitives.WriteUInt64BigEndian(ip[12..], (server.Source1 | hostBits) << 32 | server.Destination1);
    }

    /// <summary>Writes the outer IPv6 header (RFC 2473 section 3.1). The flow label spreads flows (RFC 6438).</summary>
    private static void WriteIpv6(Packet p, Span<byte> outer, ServerRecord server)
    {
        BinaryPrimitives.WriteUInt16BigEndian(outer, Parse.Ipv6);
        outer = outer.Slice(TypeBytes, Parse.Ipv6Header);
        var entropy = FlowId.Entropy(p);
        var payload = (uint)(p.Length + server.OuterBytes - Parse.Ipv6Header);
        BinaryPrimitives.WriteUInt32BigEndian(outer, 6u << 28 | p.TrafficClass << 20 | entropy & 0xfffff);
        BinaryPrimitives.WriteUInt32BigEndian(outer[4..], payload << 16 | ProtocolOf(p, server) << 8 | OuterTtl);
        BinaryPrimitives.WriteUInt64BigEndian(outer[8..], server.Source0);
        BinaryPrimitives.WriteUInt64BigEndian(
            outer[16..], server.Source1 | BinaryPrimitives.ReverseEndianness(entropy) & server.SourceMask);
        BinaryPrimitives.WriteUInt64BigEndian(outer[24..], server.Destination0);
        BinaryPrimitives.WriteUInt64BigEndian(outer[32..], server.Destination1);
    }

    /// <summary>Writes the GRE header (RFC 2784 section 2): no checksum, version 0, then the EtherType.</summary>
    private static void WriteGre(Packet p, Span<byte> gre) =>
        BinaryPrimitives.WriteUInt32BigEndian(gre, p.IsIpv6 ? (uint)Parse.Ipv6 : Parse.Ipv4);

    /// <summary>Writes a GUE header of variant 0 (draft-ietf-intarea-gue): a UDP header, then version, control bit,
    /// length and flags of 0, and the protocol. The source port is a dynamic one (RFC 6335 section 6). Over IPv4 there
    /// is no checksum. Over IPv6 a zero checksum would need the consent of every server (RFC 6936 section 5), so it is
    /// computed.</summary>
    private static void WriteGue(Packet p, Span<byte> gue, ServerRecord server, ulong datagramSum)
    {
        var port = GueLowestPort | FlowId.Entropy(p) >> 16;
        var length = (uint)(p.Length + gue.Length);
        var protocol = (uint)(p.IsIpv6 ? Parse.Ipv6InIp : Parse.IpIp);
        var checksum = 0u;
        if (server.IsOuterIpv6)
        {
            // The length occurs in the pseudo-header and in the UDP header (RFC 8200 section 8.1).
            checksum = InternetChecksum.Finish(
                datagramSum + server.AddressSum + Parse.Udp + 2 * length + port + (uint)server.GuePort + protocol);
            if (checksum == 0)
                checksum = 0xffff;
        }
        BinaryPrimitives.WriteUInt64BigEndian(
            gue, (ulong)port << 48 | (ulong)server.GuePort << 32 | length << 16 | checksum);
        BinaryPrimitives.WriteUInt32BigEndian(gue[8..], protocol << 16);
    }
}
