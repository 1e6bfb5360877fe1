using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A real server in one group, as the pipeline uses it: everything that is the same for all its
/// packets.</summary>
internal sealed class ServerRecord
{
    internal int Id { get; private init; }

    internal ServerKey Key { get; private init; }

    /// <summary>Kind of the outer header, or none at layer 2.</summary>
    internal ForwardingMode Mode { get; private init; }

    internal bool IsOuterIpv6 { get; private init; }

    /// <summary>Its packets get one outer IPv4 header and nothing else, with the same source address for all.</summary>
    internal bool IsSimpleIpIp { get; private init; }

    /// <summary>True if new flows may be sent to it: it is enabled and healthy, and its weight is above 0.</summary>
    internal bool AcceptsNew { get; private init; }

    /// <summary>Its tracked flows move to other servers.</summary>
    internal bool FlowsMove { get; private init; }

    /// <summary>Its TCP flows are answered with resets.</summary>
    internal bool SendsReset { get; private init; }

    /// <summary>The director itself is the server.</summary>
    internal bool IsLocal { get; private init; }

    internal int Egress { get; private init; }

    /// <summary>MTU of the egress interface, in bytes; at most 65,535.</summary>
    internal int Mtu { get; private init; }

    /// <summary>The longest inner datagram that fits, in bytes: the MTU less the outer header.</summary>
    internal int InnerMtu { get; private init; }

    /// <summary>Length of the outer header in bytes: IP, and UDP with GUE, or GRE.</summary>
    internal int OuterBytes { get; private init; }

    /// <summary>Divisor of its connection count for least connections.</summary>
    internal int Weight { get; private init; }

    /// <summary>The first 8 of 12 bytes of both Ethernet addresses, next hop first, as a little-endian word.</summary>
    internal ulong Macs { get; private init; }

    /// <summary>The last 4 of these bytes.</summary>
    internal uint MacsRest { get; private init; }

    internal int GuePort { get; private init; }

    /// <summary>Addresses of the outer header, in host byte order; IPv4 in the lower 32 bits of the second
    /// word.</summary>
    internal ulong Source0 { get; private init; }

    internal ulong Source1 { get; private init; }

    internal ulong Destination0 { get; private init; }

    internal ulong Destination1 { get; private init; }

    /// <summary>Bits of the last 32 of the outer source address that differ by flow.</summary>
    internal uint SourceMask { get; private init; }

    /// <summary>Sum of the 16-bit words of both outer addresses.</summary>
    internal uint AddressSum { get; private init; }

    /// <summary>Sum of the constant 16-bit words of an outer IPv4 header: without DSCP, length and protocol.</summary>
    internal uint HeaderSum { get; private init; }

    /// <summary>Protocol field of the outer IP header of an inner IPv4 datagram.</summary>
    internal byte Protocol4 { get; private init; }

    /// <summary>Protocol field of the outer IP header of an inner IPv6 datagram.</summary>
    internal byte Protocol6 { get; private init; }

    /// <summary>Creates the record of a server; null while it has no next hop.</summary>
    internal static ServerRecord? Of(int id, ServerGroup group, ServerEntry server, bool ignoresWeights)
    {
        if (server.NextHop is not { } nextHop)
            return null;
        var flags = ServerLowering.FlagsOf(server, nextHop);
        var encap = server.Encap ?? group.Key.Encap;
        var isIpv6 = server.Address.AddressFamily == AddressFamily.InterNetworkV6;
        Span<byte> macs = stackalloc byte[2 * MacAddress.Length];
        nextHop.Neighbour.Write(macs);
        nextHop.Egress.Mac.Write(macs[MacAddress.Length..]);
        var prefix = isIpv6 ? encap.OuterSource6 : encap.OuterSource4;
        var source = Words(prefix?.BaseAddress ?? (isIpv6 ? nextHop.Egress.Address6 : nextHop.Egress.Address));
        var destination = Words(server.Address);
        var outer = encap.Mode.OverheadBytes(server.Address.AddressFamily);
        var addresses = Sum(source.High) + Sum(source.Low) + Sum(destination.High) + Sum(destination.Low);
        var mask = prefix is { } p ? HostBits((isIpv6 ? 128 : 32) - p.PrefixLength) : 0;
        var mtu = Math.Min(nextHop.Egress.MtuBytes, ushort.MaxValue);
        return new ServerRecord
        {
            Id = id,
            Key = new ServerKey(group.Key, server.Name, server.VrfAddress),
            Mode = encap.Mode,
            IsOuterIpv6 = isIpv6,
            IsSimpleIpIp = encap.Mode == ForwardingMode.IpIp && !isIpv6 && mask == 0,
            AcceptsNew = flags.HasFlag(ServerProperties.AcceptsNew),
            FlowsMove = flags.HasFlag(ServerProperties.FlowsMove),
            SendsReset = flags.HasFlag(ServerProperties.SendRst),
            IsLocal = flags.HasFlag(ServerProperties.Local),
            Egress = nextHop.Egress.Index,
            Mtu = mtu,
            InnerMtu = Math.Max(mtu - outer, 0),
            OuterBytes = outer,
            Weight = ServerLowering.WeightOf(server, ignoresWeights),
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
            Protocol4 = ProtocolOf(encap.Mode, Parse.IpIp),
            Protocol6 = ProtocolOf(encap.Mode, Parse.Ipv6InIp),
        };
    }

    private static byte ProtocolOf(ForwardingMode mode, int inner) => (byte)(mode switch
    {
        ForwardingMode.Gue => Parse.Udp,
        ForwardingMode.Gre => Parse.Gre,
        _ => inner,
    });

    private static uint HostBits(int bits) => bits >= 32 ? uint.MaxValue : (1U << bits) - 1;

    private static uint Sum(ulong words) =>
        (uint)(words >> 48) + (uint)(words >> 32 & 0xffff) + (uint)(words >> 16 & 0xffff) + (uint)(words & 0xffff);

    private static (ulong High, ulong Low) Words(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        // An IPv4 address takes the last four bytes.
        address?.TryWriteBytes(address.AddressFamily == AddressFamily.InterNetwork ? bytes[12..] : bytes, out _);
        return (BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }
}
