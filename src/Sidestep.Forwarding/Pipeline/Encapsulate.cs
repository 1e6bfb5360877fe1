using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Encapsulate: layer 2 gets two new Ethernet addresses, layer 3 an outer header in front of the untouched datagram. VLAN
/// tags stay as they came.</summary>
internal static class Encapsulate
{
    private const int OuterTtl = 64, DontFragment = 0x4000, GueLowestPort = 0xc000, MacBytes = 12;

    /// <summary>Encapsulates.</summary>
    /// <returns>False, and nothing changed: there is no room before the frame.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Frame(Packet p, ref Frame frame, ServerRecord server)
    {
        if (server.Encapsulation is { } encapsulation && !Outer(p, ref frame, server, encapsulation))
            return false;
        var bytes = frame.Bytes;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, server.Macs);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], server.MacsRest);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Outer(Packet p, ref Frame frame, ServerRecord server, Encapsulation encapsulation)
    {
        // Over the datagram as it is, before its place moves: see Gue.
        var sum = encapsulation == Encapsulation.Gue && server.IsOuterIpv6
            ? InternetChecksum.Sum(frame.Bytes.Slice(p.L3, p.Length)) : 0;
        if (!frame.TryPrepend(server.OuterBytes))
            return false;
        var bytes = frame.Bytes;
        if (p.L3 > Parse.EthernetHeader)
            bytes[(server.OuterBytes + MacBytes)..(server.OuterBytes + p.L3 - 2)].CopyTo(bytes[MacBytes..]);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[(p.L3 - 2)..], server.IsOuterIpv6 ? (ushort)Parse.Ipv6 : (ushort)Parse.Ipv4);
        var outer = bytes.Slice(p.L3, server.OuterBytes);
        var behind = Ip(p, outer, server, encapsulation switch
        {
            Encapsulation.IpIp => p.IsIpv6 ? Parse.Ipv6InIp : Parse.IpIp,
            Encapsulation.Gre => Parse.Gre,
            _ => Parse.Udp,
        });
        if (encapsulation == Encapsulation.Gre)
            Gre(p, behind);
        else if (encapsulation == Encapsulation.Gue)
            Gue(p, behind, server, sum);
        return true;
    }

    /// <summary>The outer IP header.</summary>
    /// <returns>What is behind it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Span<byte> Ip(Packet p, Span<byte> outer, ServerRecord server, int protocol)
    {
        if (server.IsOuterIpv6)
        {
            Ip6(p, outer, server, protocol);
            return outer[Parse.Ipv6Header..];
        }
        Ip4(p, outer, server, protocol);
        return outer[Parse.Ipv4Header..];
    }

    /// <summary>RFC 2003 section 3.1. DSCP is copied, and ECN as RFC 6040 section 4.1 has it (normal mode). Identification 0 with DF
    /// set: an atomic datagram, RFC 6864 section 4.1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ip4(Packet p, Span<byte> outer, ServerRecord server, int protocol)
    {
        outer = outer[..Parse.Ipv4Header];
        var length = (uint)(p.Length + server.OuterBytes);
        var source = (uint)server.Source1;
        var sum = server.AddressSum;
        if (server.SourceMask != 0)
        {
            var differs = BinaryPrimitives.ReverseEndianness(FlowId.Entropy(p)) & server.SourceMask;
            source |= differs; // the prefix has no bits there
            sum += (differs >> 16) + (differs & 0xffff);
        }
        var first = 0x4500u | p.TrafficClass;
        const uint Ttl = OuterTtl << 8;
        sum += first + length + DontFragment + (Ttl | (uint)protocol);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt64BigEndian(outer, (ulong)first << 48 | (ulong)length << 32 | DontFragment);
        BinaryPrimitives.WriteUInt32BigEndian(outer[8..], (Ttl | (uint)protocol) << 16 | (ushort)~sum);
        BinaryPrimitives.WriteUInt64BigEndian(outer[12..], (ulong)source << 32 | (uint)server.Destination1);
    }

    /// <summary>RFC 2473 section 3.1; the flow label spreads flows, RFC 6438.</summary>
    private static void Ip6(Packet p, Span<byte> outer, ServerRecord server, int protocol)
    {
        var entropy = FlowId.Entropy(p);
        var payload = (uint)(p.Length + server.OuterBytes - Parse.Ipv6Header);
        BinaryPrimitives.WriteUInt32BigEndian(outer, 6u << 28 | p.TrafficClass << 20 | entropy & 0xfffff);
        BinaryPrimitives.WriteUInt32BigEndian(outer[4..], payload << 16 | (uint)protocol << 8 | OuterTtl);
        BinaryPrimitives.WriteUInt64BigEndian(outer[8..], server.Source0);
        BinaryPrimitives.WriteUInt64BigEndian(outer[16..], server.Source1 | BinaryPrimitives.ReverseEndianness(entropy) & server.SourceMask);
        BinaryPrimitives.WriteUInt64BigEndian(outer[24..], server.Destination0);
        BinaryPrimitives.WriteUInt64BigEndian(outer[32..], server.Destination1);
    }

    /// <summary>RFC 2784 section 2: no checksum, version 0, then the EtherType.</summary>
    private static void Gre(Packet p, Span<byte> gre) =>
        BinaryPrimitives.WriteUInt32BigEndian(gre, p.IsIpv6 ? (uint)Parse.Ipv6 : Parse.Ipv4);

    /// <summary>Variant 0 of draft-ietf-intarea-gue: a UDP header, then version, control bit, length and flags 0 and the protocol.
    /// The source port is a dynamic one, RFC 6335 section 6. Over IPv4 there is no checksum; over IPv6 one of zero would need every
    /// server's consent (RFC 6936 section 5), so it is computed over everything.</summary>
    private static void Gue(Packet p, Span<byte> gue, ServerRecord server, ulong datagramSum)
    {
        var port = GueLowestPort | FlowId.Entropy(p) >> 16;
        var length = (uint)(p.Length + gue.Length);
        var protocol = (uint)(p.IsIpv6 ? Parse.Ipv6InIp : Parse.IpIp);
        var checksum = 0u;
        if (server.IsOuterIpv6)
        {
            // Length is in the pseudo header and in the UDP header (RFC 8200 section 8.1).
            checksum = InternetChecksum.Finish(
                datagramSum + server.AddressSum + Parse.Udp + 2 * length + port + (uint)server.GuePort + protocol);
            if (checksum == 0)
                checksum = 0xffff;
        }
        BinaryPrimitives.WriteUInt64BigEndian(gue, (ulong)port << 48 | (ulong)server.GuePort << 32 | length << 16 | checksum);
        BinaryPrimitives.WriteUInt32BigEndian(gue[8..], protocol << 16);
    }
}
