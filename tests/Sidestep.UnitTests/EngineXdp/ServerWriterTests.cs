using System.Buffers.Binary;
using System.Net;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.Testing;
using Encap = Sidestep.Forwarding.Encap;
using Encapsulation = Sidestep.Engine.Xdp.Layout.Encapsulation;
using ServerEntry = Sidestep.Forwarding.ServerEntry;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Entries of real servers: struct server of src/bpf/tables.h.</summary>
public sealed class ServerWriterTests
{
    private static readonly IPAddress Server4 = IPAddress.Parse("10.0.0.9"), Server6 = IPAddress.Parse("2001:db8::9");
    private static readonly EgressInterface Uplink = new(7, "eth0", new MacAddress(0x0200_0000_00aa),
        IPAddress.Parse("192.0.2.2"), 1500, IPAddress.Parse("2001:db8::2"));

    [Fact]
    public void Layer_2_server_has_both_Ethernet_addresses_and_the_MTU()
    {
        var written = Write(Server4, Encap.Layer2);
        Span<byte> macs = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(macs, written.Macs);
        BinaryPrimitives.WriteUInt32LittleEndian(macs[8..], written.MacsRest);
        Assert.Equal("0200000000bb0200000000aa", Convert.ToHexStringLower(macs));
        Assert.Equal((7u, (ushort)1500, (byte)0, (ushort)3),
            (written.Ifindex, written.InnerMtu, written.Encapsulation, written.Weight));
        Assert.Equal(Constants.ServerUsed | Constants.ServerAcceptsNew, written.Flags);
    }

    [Theory]
    [InlineData(ForwardingMode.IpIp, false, 1480)]
    [InlineData(ForwardingMode.IpIp, true, 1460)]
    [InlineData(ForwardingMode.Gre, false, 1476)]
    [InlineData(ForwardingMode.Gre, true, 1456)]
    [InlineData(ForwardingMode.Gue, false, 1468)]
    [InlineData(ForwardingMode.Gue, true, 1448)]
    public void Inner_MTU_is_the_MTU_less_the_outer_headers(ForwardingMode mode, bool isIpv6, int innerMtu)
    {
        var written = Write(isIpv6 ? Server6 : Server4, new Encap(mode, 6080));
        Assert.Equal(innerMtu, written.InnerMtu);
        Assert.Equal(1500, DirectorNetwork.MtuOf(written));
        Assert.Equal(isIpv6, (written.Encapsulation & Constants.OuterIpv6) != 0);
    }

    /// <summary>The program adds the length and the traffic class to the sum of the constant words, and complements
    /// it.</summary>
    [Theory]
    [InlineData(ForwardingMode.IpIp, 4)]
    [InlineData(ForwardingMode.Gre, 47)]
    [InlineData(ForwardingMode.Gue, 17)]
    public void Sum_of_the_outer_IPv4_header_gives_a_valid_checksum(ForwardingMode mode, byte protocol)
    {
        var written = Write(Server4, new Encap(mode, 6080));
        byte[] header = [0x45, 0xb8, 0x05, 0xdc, 0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 2, 10, 0, 0, 9];
        ReadOnlySpan<byte> source = written.Source, destination = written.Destination;
        Assert.Equal(header[12..16], source[..4].ToArray());
        Assert.Equal(header[16..], destination[..4].ToArray());
        var sum = written.Checksum + (uint)BinaryPrimitives.ReverseEndianness((ushort)0x05dc)
            + (uint)BinaryPrimitives.ReverseEndianness((ushort)0xb8);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(10), (ushort)~Fold(sum));
        Assert.Equal(0, NaiveChecksum.Of(header));
    }

    /// <summary>RFC 8200 section 8.1: both addresses, the UDP length twice (pseudo header and header), the next
    /// header.</summary>
    [Fact]
    public void Sum_of_GUE_over_IPv6_gives_a_valid_UDP_checksum()
    {
        var written = Write(Server6, new Encap(ForwardingMode.Gue, 6080));
        byte[] gue = [0, 41, 0, 0];
        byte[] datagram = [0xc1, 0x23, 0x17, 0xc0, 0, 12, 0, 0, .. gue];
        byte[] pseudo = [.. Uplink.Address6!.GetAddressBytes(), .. Server6.GetAddressBytes(), 0, 0, 0, 12, 0, 0, 0, 17];
        uint Word(int value) => BinaryPrimitives.ReverseEndianness((ushort)value);
        var sum = written.Checksum + Word(0xc123) + 2 * Word(12) + Word(41);
        BinaryPrimitives.WriteUInt16LittleEndian(datagram.AsSpan(6), (ushort)~Fold(sum));
        Assert.Equal(0, NaiveChecksum.Of(pseudo, datagram));
        Assert.Equal(BinaryPrimitives.ReverseEndianness((ushort)6080), written.GuePort);
    }

    [Theory]
    [InlineData("198.18.0.0/15", 0x0001ffffu)]
    [InlineData("198.18.7.0/24", 0x000000ffu)]
    [InlineData("0.0.0.0/0", 0xffffffffu)]
    [InlineData("198.18.0.1/32", 0x00000000u)]
    public void Prefix_for_outer_sources_gives_source_and_mask(string prefix, uint hostBits)
    {
        var written = Write(Server4, new Encap(ForwardingMode.IpIp, 0, IPNetwork.Parse(prefix)));
        Assert.Equal(hostBits, BinaryPrimitives.ReverseEndianness(written.SourceMask));
        Assert.Equal(IPNetwork.Parse(prefix).BaseAddress, new IPAddress(((ReadOnlySpan<byte>)written.Source)[..4]));
    }

    [Theory]
    [InlineData("2001:db8:5e::/64", 0xffffffffu)]
    [InlineData("2001:db8:5e::/96", 0xffffffffu)]
    [InlineData("2001:db8:5e::100/120", 0x000000ffu)]
    public void Mask_of_an_IPv6_prefix_covers_the_last_32_bits(string prefix, uint hostBits)
    {
        var written = Write(Server6, new Encap(ForwardingMode.IpIp, 0, null, IPNetwork.Parse(prefix)));
        Assert.Equal(hostBits, BinaryPrimitives.ReverseEndianness(written.SourceMask));
        Assert.Equal(IPNetwork.Parse(prefix).BaseAddress, new IPAddress((ReadOnlySpan<byte>)written.Source));
    }

    [Fact]
    public void Prefix_of_the_other_family_leaves_the_directors_address()
    {
        var written = Write(Server6, new Encap(ForwardingMode.IpIp, 0, IPNetwork.Parse("198.18.0.0/15")));
        Assert.Equal((0u, Uplink.Address6), (written.SourceMask, new IPAddress((ReadOnlySpan<byte>)written.Source)));
    }

    [Fact]
    public void Server_without_a_next_hop_is_unused() =>
        Assert.Equal(0, Write(Server4, Encap.Layer2, server => server with { NextHop = null }).Flags);

    [Fact]
    public void Server_that_is_the_director_has_inner_MTU_0_and_no_outer_header()
    {
        var written = Write(Server4, new Encap(ForwardingMode.IpIp),
            server => server with { NextHop = server.NextHop! with { IsLocal = true } });
        Assert.Equal((Constants.ServerLocal, (ushort)0, (byte)0),
            ((byte)(written.Flags & Constants.ServerLocal), written.InnerMtu, written.Encapsulation));
    }

    [Theory]
    [InlineData(FlowState.Keep, 0)]
    [InlineData(FlowState.Move, Constants.ServerFlowsMove)]
    [InlineData(FlowState.Reset, Constants.ServerSendRst)]
    public void Flows_of_a_leaving_server_stay_move_or_are_reset(FlowState flows, byte flag)
    {
        var written = Write(Server4, Encap.Layer2, server => server with { Weight = 0, Flows = flows });
        Assert.Equal(Constants.ServerUsed | flag, written.Flags);
    }

    [Fact]
    public void Encapsulation_of_the_server_overrides_that_of_its_group() => Assert.Equal(
        (byte)Encapsulation.Gre, Write(Server4, new Encap(ForwardingMode.IpIp),
            static s => s with { Encap = new Encap(ForwardingMode.Gre) }).Encapsulation);

    [Theory]
    [InlineData(3, 1)]
    [InlineData(0, 0)]
    public void Least_connections_without_weights_counts_servers_the_same(int weight, int written) => Assert.Equal(
        written, Write(Server4, Encap.Layer2, s => s with { Weight = weight }, ignoresWeights: true).Weight);

    private static uint Fold(uint sum)
    {
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return sum;
    }

    private static Server Write(
        IPAddress address, Encap encap, Func<ServerEntry, ServerEntry>? change = null, bool ignoresWeights = false)
    {
        var server = new ServerEntry("s", address, 3, new NextHop(Uplink, new MacAddress(0x0200_0000_00bb)));
        var group = new ServerGroup(new GroupKey(PoolKey.InDefault("p"), encap), [server], SlotTable.FromSlots([], []));
        var placed = new PlacedGroup(group, new GroupUse(false, ignoresWeights), [1], default);
        return ServerWriter.Of(placed, change?.Invoke(server) ?? server);
    }
}
