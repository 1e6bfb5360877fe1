using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A real server as packets see it: one way of reaching it, with everything that is the same for all its packets.</summary>
internal sealed class ServerRecord
{
    private const int GueBytes = 12, GreBytes = 4;

    internal int Id { get; private init; }

    internal ServerKey Key { get; private init; }

    /// <summary>Null: layer 2.</summary>
    internal Encapsulation? Encapsulation { get; private init; }

    internal bool IsOuterIpv6 { get; private init; }

    /// <summary>All that its packets get is one IPv4 header, with the same source address for all.</summary>
    internal bool IsSimpleIpIp { get; private init; }

    /// <summary>It can take new flows.</summary>
    internal bool AcceptsNew { get; private init; }

    /// <summary>Flows that are remembered count for nothing.</summary>
    internal bool FlowsMove { get; private init; }

    /// <summary>Its TCP flows get resets.</summary>
    internal bool SendsReset { get; private init; }

    /// <summary>The director itself.</summary>
    internal bool IsLocal { get; private init; }

    internal int Egress { get; private init; }

    /// <summary>Of the way out.</summary>
    internal int Mtu { get; private init; }

    /// <summary>The longest datagram that fits, the outer header taken off.</summary>
    internal int InnerMtu { get; private init; }

    /// <summary>Bytes of the outer header.</summary>
    internal int OuterBytes { get; private init; }

    /// <summary>What least connections divides by.</summary>
    internal int Weight { get; private init; }

    /// <summary>Both Ethernet addresses, next hop first: words as they are written.</summary>
    internal ulong Macs { get; private init; }

    internal uint MacsRest { get; private init; }

    internal int GuePort { get; private init; }

    /// <summary>Addresses of the outer header, in host order; IPv4 in the low half of the second word.</summary>
    internal ulong Source0 { get; private init; }

    internal ulong Source1 { get; private init; }

    internal ulong Destination0 { get; private init; }

    internal ulong Destination1 { get; private init; }

    /// <summary>Bits of the source's last 32 that differ per flow.</summary>
    internal uint SourceMask { get; private init; }

    /// <summary>Sum of the 16-bit words of both outer addresses.</summary>
    internal uint AddressSum { get; private init; }

    /// <summary>The same of an outer IPv4 header as far as it is the same for all packets: without DSCP, length and protocol.</summary>
    internal uint HeaderSum { get; private init; }

    /// <summary>What the outer IP header says is behind it, around IPv4 and around IPv6.</summary>
    internal byte Protocol4 { get; private init; }

    internal byte Protocol6 { get; private init; }

    /// <summary>The record of a server; null while it has no next hop.</summary>
    internal static ServerRecord? Of(int id, ServerGroup group, ServerEntry server, bool ignoresWeights)
    {
        if (server.NextHop is not { } nextHop)
            return null;
        var encap = server.Encap ?? group.Key.Encap;
        var isIpv6 = server.Address.AddressFamily == AddressFamily.InterNetworkV6;
        Span<byte> macs = stackalloc byte[2 * MacAddress.Length];
        nextHop.Neighbour.Write(macs);
        nextHop.Egress.Mac.Write(macs[MacAddress.Length..]);
        var prefix = isIpv6 ? encap.OuterSource6 : encap.OuterSource4;
        var source = Words(prefix?.BaseAddress ?? (isIpv6 ? nextHop.Egress.Address6 : nextHop.Egress.Address));
        var destination = Words(server.Address);
        var outer = encap.Encapsulation is not { } encapsulation ? 0 : (isIpv6 ? Parse.Ipv6Header : Parse.Ipv4Header) + encapsulation switch
        {
            Model.Encapsulation.Gue => GueBytes,
            Model.Encapsulation.Gre => GreBytes,
            _ => 0,
        };
        var addresses = Sum(source.High) + Sum(source.Low) + Sum(destination.High) + Sum(destination.Low);
        var mask = prefix is { } p ? HostBits((isIpv6 ? 128 : 32) - p.PrefixLength) : 0;
        var mtu = Math.Min(nextHop.Egress.MtuBytes, ushort.MaxValue);
        return new ServerRecord
        {
            Id = id,
            Key = new ServerKey(group.Key, server.Name, server.Address),
            Encapsulation = encap.Encapsulation,
            IsOuterIpv6 = isIpv6,
            IsSimpleIpIp = encap.Encapsulation == Model.Encapsulation.IpIp && !isIpv6 && mask == 0,
            AcceptsNew = server.IsUsable,
            FlowsMove = server.Flows == FlowState.Move,
            SendsReset = server.Flows == FlowState.Reset,
            IsLocal = nextHop.IsLocal,
            Egress = nextHop.Egress.Index,
            Mtu = mtu,
            InnerMtu = Math.Max(mtu - outer, 0),
            OuterBytes = outer,
            Weight = ignoresWeights ? Math.Min(server.Weight, 1) : server.Weight,
            Macs = BinaryPrimitives.ReadUInt64LittleEndian(macs),
            MacsRest = BinaryPrimitives.ReadUInt32LittleEndian(macs[8..]),
            GuePort = encap.GuePort,
            Source0 = source.High,
            Source1 = source.Low,
            Destination0 = destination.High,
            Destination1 = destination.Low,
            SourceMask = mask,
            AddressSum = addresses,
            HeaderSum = addresses + Encapsulate.ConstantSum,
            Protocol4 = ProtocolOf(encap.Encapsulation, Parse.IpIp),
            Protocol6 = ProtocolOf(encap.Encapsulation, Parse.Ipv6InIp),
        };
    }

    private static byte ProtocolOf(Encapsulation? encapsulation, int inner) => (byte)(encapsulation switch
    {
        Model.Encapsulation.Gue => Parse.Udp,
        Model.Encapsulation.Gre => Parse.Gre,
        _ => inner,
    });

    private static uint HostBits(int bits) => bits >= 32 ? uint.MaxValue : (1U << bits) - 1;

    private static uint Sum(ulong words) =>
        (uint)(words >> 48) + (uint)(words >> 32 & 0xffff) + (uint)(words >> 16 & 0xffff) + (uint)(words & 0xffff);

    private static (ulong High, ulong Low) Words(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        // IPv4 at the end.
        address?.TryWriteBytes(address.AddressFamily == AddressFamily.InterNetwork ? bytes[12..] : bytes, out _);
        return (BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }
}
