using System.Net;
using Sidestep.Cli.Replay;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Cli;

public sealed class SyntheticTopologyTests
{
    private static readonly Configuration Configuration = ConfigurationReader.Read("""
        node:
          interfaces: [{ name: eth0 }, { name: eth1 }]
        group:
          hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873
        pools:
          - name: web
            servers: [{ name: web1, address: 10.1.2.3 }, { name: web2, address: "2001:db8::a:b" }]
          - name: more
            servers: [{ name: more1, address: 10.1.2.3 }]
        """, null).Configuration!;

    [Fact]
    public void Interfaces_have_addresses_for_documentation()
    {
        var interfaces = SyntheticTopology.For(Configuration, null, 9000).Interfaces;
        Assert.Equal(
            [(1, "eth0", "02:00:00:00:00:01", "192.0.2.1", 9000), (2, "eth1", "02:00:00:00:00:02", "192.0.2.2", 9000)],
            interfaces.Select(static i => (i.Index, i.Name, i.Mac.ToString(), i.Address!.ToString(), i.MtuBytes)));
        Assert.All(interfaces, static i => Assert.Equal(IPAddress.Parse("2001:db8::1"), i.Address6));
    }

    [Fact]
    public void Given_MAC_address_is_that_of_all_interfaces() =>
        Assert.All(SyntheticTopology.For(Configuration, new MacAddress(0x0200_5e10_0001), 1500).Interfaces,
            static i => Assert.Equal("02:00:5e:10:00:01", i.Mac.ToString()));

    [Fact]
    public void Every_server_is_reachable_at_a_MAC_address_of_its_address()
    {
        var hops = SyntheticTopology.For(Configuration, null, 1500);
        Assert.Empty(hops.Unresolved);
        Assert.Equal(["02:00:0a:01:02:03", "02:06:00:0a:00:0b"],
            hops.Servers.OrderBy(static s => s.Key.Address.AddressFamily)
                .Select(static s => s.Value.Neighbour.ToString()));
        Assert.All(hops.Servers.Values, static h =>
            Assert.Equal(("eth0", false, false), (h.Egress.Name, h.ViaRouter, h.IsLocal)));
    }
}
