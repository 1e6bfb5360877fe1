using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Control.Agents;

/// <summary>Which spec each server gets.</summary>
public sealed class ServerSpecCompilerTests
{
    private const string Yaml = """
        node: { name: edge1, interfaces: [ { name: eth0 } ] }
        group: { hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873, peers: [ 10.0.0.3, 10.0.0.2 ] }
        networkProfiles:
          - { name: near, dsrType: l2 }
          - { name: far, encapsulation: ipip }
          - { name: gue, encapsulation: gue, guePort: 6081 }
        pools:
          - name: web
            servers: [ { name: web1, address: 10.0.0.11 }, { name: web2, address: 10.0.0.12, encapsulation: gre } ]
        virtualServices:
          - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web, networkProfile: far }
        """;

    [Fact]
    public void Spec_names_the_director_its_version_and_the_addresses_of_all_directors()
    {
        var spec = Spec(Read(Yaml), "web1");
        Assert.Equal(("edge1", "1.2"), (spec.Director, spec.DirectorVersion));
        Assert.Equal(["10.0.0.2", "10.0.0.3", "2001:db8::2"], spec.Directors.Select(static d => d.ToString()));
    }

    [Fact]
    public void Service_of_a_layer_3_profile_has_its_encapsulation_and_outer_source()
    {
        var service = Assert.Single(Spec(Read(Yaml), "web1").Services);
        Assert.Equal(("www", "tcp", "l3", "ipip", null), (service.Name, service.Protocol, service.Dsr,
            service.Encapsulation, service.GuePort));
        Assert.Equal(["203.0.113.10/32"], service.Vips.Select(static v => v.ToString()));
        Assert.Equal(["80"], service.Ports);
        Assert.Equal(IPAddress.Parse("10.0.0.11"), service.Server);
        Assert.Equal(new PathMtu(1500, 20, 1440, 1420), service.PathMtu);
    }

    [Fact]
    public void Server_may_have_an_encapsulation_of_its_own_at_layer_3_only()
    {
        Assert.Equal("gre", Spec(Read(Yaml), "web2").Services[0].Encapsulation);
        var layer2 =
            Spec(Read(Yaml.Replace("networkProfile: far", "networkProfile: near", StringComparison.Ordinal)),
                "web2").Services[0];
        Assert.Equal(("l2", null), (layer2.Dsr, layer2.Encapsulation));
    }

    [Fact]
    public void GUE_has_its_port()
    {
        var service =
            Spec(Read(Yaml.Replace("networkProfile: far", "networkProfile: gue", StringComparison.Ordinal)),
                "web1").Services[0];
        Assert.Equal(("gue", 6081), (service.Encapsulation, service.GuePort));
        Assert.Empty(service.OuterSources);
    }

    [Fact]
    public void Outer_sources_are_those_of_the_family_of_the_server()
    {
        IPNetwork four = IPNetwork.Parse("198.18.0.0/15"), six = IPNetwork.Parse("2001:db8:5::/64");
        var configuration = ControlLoopFixture.WithServers(
            Server("four", "10.0.0.11"), Server("six", "2001:db8::11"));
        configuration = configuration with
        {
            NetworkProfiles =
                [configuration.NetworkProfiles[0]
                    with { DsrType = DsrType.L3, OuterSource4 = four, OuterSource6 = six }],
        };
        Assert.Equal([four], Spec(new(configuration), "four").Services[0].OuterSources);
        Assert.Equal([six], Spec(new(configuration), "six").Services[0].OuterSources);
    }

    [Fact]
    public void Server_of_a_pool_that_no_enabled_service_uses_has_an_empty_spec()
    {
        var configuration = ControlLoopFixture.Configuration("s0");
        var disabled = configuration
            with
        { VirtualServices = [configuration.VirtualServices[0] with { Enabled = false }] };
        Assert.Single(Spec(new(configuration), "server").Services);
        Assert.Empty(Spec(new(disabled), "server").Services);
    }

    [Fact]
    public void Servers_of_the_retained_pool_and_of_the_new_pool_both_have_the_service()
    {
        var written = new EffectiveConfiguration(ControlLoopFixture.Configuration("s0"));
        var old = written.Pools[0] with { Name = "old", Servers = [Server("old1", "10.0.0.21")] };
        var retained = written.WithRetained([new RetainedService(written.Desired.VirtualServices[0], old)], [], []);
        Assert.Equal(["s0"], Spec(retained, "server").Services.Select(static s => s.Name));
        Assert.Equal(["s0"], Spec(retained, "old1").Services.Select(static s => s.Name));
        Assert.Null(
            new ServerSpecCompiler(written, ResolvedNextHops()).SpecFor(RealServerKey.InDefault("old1"), "1.2"));
    }

    [Fact]
    public void Drain_of_a_server_does_not_change_its_spec()
    {
        var written = new EffectiveConfiguration(ControlLoopFixture.Configuration("s0"));
        var drained = written.WithDrains([new ServerDrain(RealServerKey.InDefault("server"), DrainSource.Operator)]);
        Assert.Equal(Spec(written, "server").Revision, Spec(drained, "server").Revision);
    }

    [Fact]
    public void Server_is_known_by_its_name_and_its_address()
    {
        var compiler = new ServerSpecCompiler(Read(Yaml), ResolvedNextHops());
        Assert.True(compiler.Knows(RealServerKey.InDefault("web1")));
        Assert.True(compiler.Knows(RealServerKey.InDefault("10.0.0.11")));
        Assert.False(compiler.Knows(RealServerKey.InDefault("10.0.0.13")));
        Assert.False(compiler.Knows(RealServerKey.InDefault("WEB1")));
        Assert.Equal(["web1", "web1", "x"], new[] { "web1", "10.0.0.11", "x" }
            .Select(s => compiler.KeyByName(RealServerKey.InDefault(s)).ToString()));
        Assert.Equal(["10.0.0.12"], compiler.AddressesOf(RealServerKey.InDefault("web2"))
            .Select(static a => a.ToString()));
        Assert.Empty(compiler.AddressesOf(RealServerKey.InDefault("web9")));
    }

    [Fact]
    public void Revision_is_positive_fits_into_53_bits_and_is_the_same_for_the_same_spec()
    {
        var revisions = Enumerable.Range(1, 50).Select(static i =>
            Spec(Read(Yaml.Replace("port: 80", $"port: {i}", StringComparison.Ordinal)), "web1").Revision).ToArray();
        Assert.All(revisions, static r => Assert.InRange(r, 0, (1L << 53) - 1));
        Assert.Equal(50, revisions.Distinct().Count());
        Assert.Contains(revisions, static r => r > 1L << 51);
        Assert.Equal(revisions[0],
            Spec(Read(Yaml.Replace("port: 80", "port: 1", StringComparison.Ordinal)), "web1").Revision);
    }

    [Fact]
    public void Path_MTU_is_unknown_without_a_next_hop()
    {
        var compiler = new ServerSpecCompiler(Read(Yaml), ResolvedNextHops());
        Assert.Null(compiler.PathMtuOf(Encap.Layer2, VrfAddress.Parse("10.0.0.99")));
        Assert.Equal(new PathMtu(1500, 0, 1460, 1440), compiler.PathMtuOf(Encap.Layer2, VrfAddress.Parse("10.0.0.11")));
    }

    private static EffectiveConfiguration Read(string yaml) => new(ConfigurationReader.Read(yaml, null).Configuration!);

    private static ServerSpec Spec(EffectiveConfiguration configuration, string server) =>
        new ServerSpecCompiler(configuration, ResolvedNextHops()).SpecFor(RealServerKey.InDefault(server), "1.2")!;

    private static RealServer Server(string name, string address) =>
        new() { Name = name, Address = IPAddress.Parse(address) };

    private static NextHops ResolvedNextHops()
    {
        var egress = new EgressInterface(
            2, "eth0", new MacAddress(1), IPAddress.Parse("10.0.0.2"), 1500, IPAddress.Parse("2001:db8::2"));
        return new NextHops(
            [egress, new EgressInterface(3, "eth1", default, null, 1500)],
            new Dictionary<VrfAddress, NextHop> { [VrfAddress.Parse("10.0.0.11")] = new(egress, new MacAddress(2)) },
            new Dictionary<VrfAddress, string>());
    }
}
