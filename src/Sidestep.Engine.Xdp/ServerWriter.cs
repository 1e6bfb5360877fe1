using System.Buffers.Binary;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Engine.Xdp;

/// <summary>Writes the server entries of one bank; entries that are up to date stay.</summary>
internal sealed class ServerWriter
{
    private const int OuterTtl = 64;

    private Dictionary<GroupKey, PlacedGroup>? _written;

    /// <summary>Updates the servers of a bank: writes only the groups that changed since the last call.</summary>
    /// <param name="bank">The bank; always the same one.</param>
    /// <param name="groups">All groups of the tables.</param>
    internal void Write(TableBank bank, IReadOnlyDictionary<GroupKey, PlacedGroup> groups)
    {
        if (_written is null)
            bank.ClearServers();
        var written = _written ?? [];
        // Entries that do not stay are cleared first, because an id may move from one server to another.
        foreach (var (key, group) in written)
        {
            if (groups.GetValueOrDefault(key) != group)
            {
                foreach (var id in group.Ids)
                    bank.Server(id) = default;
            }
        }
        foreach (var (key, group) in groups)
        {
            if (written.GetValueOrDefault(key) == group)
                continue;
            for (var i = 0; i < group.Ids.Length; i++)
                bank.Server(group.Ids[i]) = Of(group, group.Tables.Servers[i]);
        }
        _written = new Dictionary<GroupKey, PlacedGroup>(groups);
    }

    internal static Server Of(PlacedGroup group, ServerEntry server)
    {
        if (server.NextHop is not { } nextHop)
            return default;
        var encap = server.Encap ?? group.Tables.Key.Encap;
        var isIpv6 = Wire.IsIpv6(server.Address);
        var mtu = nextHop.Egress.MtuBytes;
        var written = new Server
        {
            Flags = (byte)ServerLowering.FlagsOf(server, nextHop),
            Ifindex = (uint)nextHop.Egress.Index,
            Weight = (ushort)ServerLowering.WeightOf(server, group.Use.IgnoresWeights),
            Destination = Wire.Bytes(server.Address),
        };
        Span<byte> macs = stackalloc byte[2 * MacAddress.Length];
        nextHop.Neighbour.Write(macs);
        nextHop.Egress.Mac.Write(macs[MacAddress.Length..]);
        written.Macs = BitConverter.ToUInt64(macs);
        written.MacsRest = BitConverter.ToUInt32(macs[sizeof(ulong)..]);
        // For this machine itself the inner MTU is 0, which makes the fast path hand its packets to the full path.
        written.InnerMtu = nextHop.IsLocal ? (ushort)0 : (ushort)Math.Min(mtu, ushort.MaxValue);
        if (nextHop.IsLocal || encap.Mode == ForwardingMode.L2)
            return written;

        var source = isIpv6 ? nextHop.Egress.Address6 : nextHop.Egress.Address;
        var prefix = isIpv6 ? encap.OuterSource6 : encap.OuterSource4;
        written.Source = Wire.Bytes(prefix?.BaseAddress ?? source);
        written.SourceMask = prefix is { } p
            ? BinaryPrimitives.ReverseEndianness(HostMask(p.PrefixLength, isIpv6 ? 128 : 32))
            : 0;
        written.Encapsulation = (byte)((byte)Code(encap.Mode) | (isIpv6 ? Constants.OuterIpv6 : 0));
        written.GuePort = BinaryPrimitives.ReverseEndianness((ushort)encap.GuePort);
        var added = encap.Mode.OverheadBytes(server.Address.AddressFamily);
        written.InnerMtu = (ushort)Math.Clamp(mtu - added, 0, ushort.MaxValue - added);
        written.Checksum = isIpv6 ? GueChecksum(written) : Ipv4Checksum(written, encap.Mode);
        return written;
    }

    internal static Layout.Encapsulation Code(ForwardingMode mode) => mode switch
    {
        ForwardingMode.L2 => Layout.Encapsulation.None,
        ForwardingMode.IpIp => Layout.Encapsulation.Ipip,
        ForwardingMode.Gre => Layout.Encapsulation.Gre,
        ForwardingMode.Gue => Layout.Encapsulation.Gue,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, null),
    };

    /// <summary>The mode of a server entry that the maps hold.</summary>
    internal static ForwardingMode ModeOf(in Server server) =>
        (Layout.Encapsulation)(server.Encapsulation & ~Constants.OuterIpv6) switch
        {
            Layout.Encapsulation.Ipip => ForwardingMode.IpIp,
            Layout.Encapsulation.Gre => ForwardingMode.Gre,
            Layout.Encapsulation.Gue => ForwardingMode.Gue,
            _ => ForwardingMode.L2,
        };

    /// <summary>The host bits among the last 32 bits of an address.</summary>
    private static uint HostMask(int prefixLength, int bits) =>
        bits - prefixLength >= 32 ? uint.MaxValue : (1U << bits - prefixLength) - 1;

    /// <summary>One's complement sum of the constant words of the outer IPv4 header, as the program adds them: 16-bit
    /// words in memory order, RFC 1071 section 2(B). IP in IP counts as protocol 4.</summary>
    private static uint Ipv4Checksum(in Server server, ForwardingMode mode)
    {
        Span<byte> header = stackalloc byte[Ipv4Header.Length];
        header.Clear();
        header[0] = 0x45;
        header[6] = 0x40; // don't fragment
        header[8] = OuterTtl;
        header[9] = (byte)(mode switch
        {
            ForwardingMode.Gue => IpProtocol.Udp,
            ForwardingMode.Gre => IpProtocol.Gre,
            _ => IpProtocol.Ipv4,
        });
        ReadOnlySpan<byte> source = server.Source, destination = server.Destination;
        source[..4].CopyTo(header[12..]);
        destination[..4].CopyTo(header[16..]);
        return Sum(header);
    }

    /// <summary>One's complement sum of the constant words of pseudo header and UDP header, for GUE over IPv6 (RFC 8200
    /// section 8.1).</summary>
    private static uint GueChecksum(in Server server)
    {
        Span<byte> bytes = stackalloc byte[36];
        bytes.Clear();
        ReadOnlySpan<byte> source = server.Source, destination = server.Destination;
        source.CopyTo(bytes);
        destination.CopyTo(bytes[16..]);
        bytes[33] = (byte)IpProtocol.Udp;
        BitConverter.TryWriteBytes(bytes[34..], server.GuePort);
        return Sum(bytes);
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16LittleEndian(bytes[i..]);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return sum;
    }
}
