using System.Net;
using System.Runtime.InteropServices;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Encap = Sidestep.Forwarding.Encap;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Which features of the program tables need; the verifier removes the others.</summary>
public sealed class FeatureSetTests
{
    private static readonly EgressInterface Uplink = new(
        1, "eth0", new MacAddress(2), IPAddress.Parse("192.0.2.2"), 1500);

    [Fact]
    public void IPv4_with_IP_in_IP_needs_no_feature() => Assert.Equal(
        FeatureSet.None, FeatureSets.Needs(
            Tables(["198.51.100.1/32"], Server("10.0.0.1", new Encap(ForwardingMode.IpIp)))));

    [Theory]
    [InlineData("2001:db8::1/128", FeatureSet.Ipv6)]
    [InlineData("203.0.113.0/24", FeatureSet.VipPrefixes)]
    [InlineData("2001:db8::/64", FeatureSet.Ipv6 | FeatureSet.VipPrefixes)]
    [InlineData("203.0.113.1/32", FeatureSet.None)]
    public void VIP_determines_family_and_prefixes(string vip, FeatureSet needs) => Assert.Equal(
        needs, FeatureSets.Needs(Tables(["198.51.100.1/32", vip], Server("10.0.0.1", Encap.Layer2))));

    [Theory]
    [InlineData("10.0.0.1", ForwardingMode.Gue, FeatureSet.GueAndGre)]
    [InlineData("10.0.0.1", ForwardingMode.Gre, FeatureSet.GueAndGre)]
    [InlineData("2001:db8::1", ForwardingMode.IpIp, FeatureSet.Outer6)]
    [InlineData("2001:db8::1", ForwardingMode.Gre, FeatureSet.Outer6 | FeatureSet.GueAndGre)]
    [InlineData("2001:db8::1", ForwardingMode.L2, FeatureSet.None)]
    public void Server_determines_the_outer_header(string address, ForwardingMode mode, FeatureSet needs) =>
        Assert.Equal(
        needs, FeatureSets.Needs(Tables(["198.51.100.1/32"], Server(address, new Encap(mode)))));

    [Fact]
    public void Prefix_of_either_family_needs_outer_sources()
    {
        var encap = new Encap(ForwardingMode.IpIp, 0, IPNetwork.Parse("198.18.0.0/15"));
        var encap6 = new Encap(ForwardingMode.IpIp, 0, null, IPNetwork.Parse("2001:db8::/64"));
        Assert.Equal(
            FeatureSet.OuterSources, FeatureSets.Needs(Tables(["198.51.100.1/32"], Server("10.0.0.1", encap))));
        Assert.Equal(
            FeatureSet.OuterSources, FeatureSets.Needs(Tables(["198.51.100.1/32"], Server("10.0.0.1", encap6))));
    }

    [Fact]
    public void Needs_of_all_servers_are_combined() =>
        Assert.Equal(FeatureSet.GueAndGre | FeatureSet.Outer6, FeatureSets.Needs(
        Tables(["198.51.100.1/32"], Server("10.0.0.1", new Encap(ForwardingMode.Gue)),
            Server("2001:db8::1", new Encap(ForwardingMode.IpIp)))));

    [Fact]
    public void Peers_and_access_lists_are_features()
    {
        var tables = Tables(["198.51.100.1/32"], Server("10.0.0.1", Encap.Layer2)) with { Peers = [new MacAddress(5)] };
        Assert.Equal(FeatureSet.Peers, FeatureSets.Needs(tables));
        var service = tables.Services[0] with { AccessList = new AccessList { Name = "a" } };
        Assert.Equal(
            FeatureSet.Peers | FeatureSet.AccessLists, FeatureSets.Needs(tables with { Services = [service] }));
    }

    /// <summary>struct features of src/bpf/tables.h: eight bools in its order, then the number of buckets.</summary>
    [Theory]
    [InlineData(FeatureSet.None, "01 00 00 00 00 00 00 00 00 10 00 00")]
    [InlineData(FeatureSet.MultiArm, "00 00 00 00 00 00 00 00 00 10 00 00")]
    [InlineData(FeatureSet.Ipv6, "01 01 00 00 00 00 00 00 00 10 00 00")]
    [InlineData(FeatureSet.Outer6, "01 00 01 00 00 00 00 00 00 10 00 00")]
    [InlineData(FeatureSet.GueAndGre, "01 00 00 01 00 00 00 00 00 10 00 00")]
    [InlineData(FeatureSet.OuterSources, "01 00 00 00 01 00 00 00 00 10 00 00")]
    [InlineData(FeatureSet.VipPrefixes, "01 00 00 00 00 01 00 00 00 10 00 00")]
    [InlineData(FeatureSet.AccessLists, "01 00 00 00 00 00 01 00 00 10 00 00")]
    [InlineData(FeatureSet.Peers, "01 00 00 00 00 00 00 01 00 10 00 00")]
    [InlineData(FeatureSet.All, "00 01 01 01 01 01 01 01 00 10 00 00")]
    public void Features_have_the_layout_that_the_program_reads(FeatureSet set, string bytes)
    {
        var features = set.ToFeatures(4096);
        var written = MemoryMarshal.AsBytes(new ReadOnlySpan<Sidestep.Engine.Xdp.Layout.Features>(in features));
        Assert.Equal(bytes.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(written));
    }

    private static ServerEntry Server(string address, Encap encap) =>
        new("s", IPAddress.Parse(address), 1, new NextHop(Uplink, new MacAddress(3))) { Encap = encap };

    private static ForwardingTables Tables(string[] vips, params ServerEntry[] servers)
    {
        var group = new ServerGroup(new GroupKey(PoolKey.InDefault("p"), Encap.Layer2), [.. servers],
            SlotTable.FromSlots([], []));
        IPNetwork[] prefixes = [.. vips.Select(static v => IPNetwork.Parse(v))];
        return new ForwardingTables
        {
            HashKey = new HashKey(1, 2),
            Interfaces = [Uplink],
            Vips = [.. prefixes.Select(static p => new VipEntry(p, true, EchoAction.Reply))],
            Services =
                [new ServiceEntry { Key = ServiceKey.InDefault("v"), Vips = [.. prefixes],
                    Protocol = TransportProtocol.Tcp,
                    Ports = [PortRange.One(80)], Group = group.Key }],
            Groups = [group],
        };
    }
}
