using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Which servers of a pool accept flows, and by which encapsulation they are reached.</summary>
public sealed class ServerCompilerTests
{
    private const string NoAddress =
        "lan0 has no global IPv6 address, which the outer header needs as its source: give it one";

    private static readonly EgressInterface Lan = new(1, "lan0", new MacAddress(2), IPAddress.Parse("192.0.2.2"), 1500);
    private static readonly EgressInterface DualStack = Lan with { Address6 = IPAddress.Parse("2001:db8::2") };
    private static readonly IPAddress Ipv6Server = IPAddress.Parse("2001:db8::11");

    [Fact]
    public void Server_may_have_another_encapsulation_than_its_group()
    {
        var profile =
            new NetworkProfile { Name = "p", GuePort = 7000, OuterSource4 = IPNetwork.Parse("198.18.0.0/15") };
        var group = Compile(
            profile, [Server(1), Server(2) with { Encapsulation = Encapsulation.Gue },
            Server(3) with { Encapsulation = Encapsulation.IpIp }]);
        Assert.Equal("web/ipip@198.18.0.0/15", group.Key.ToString());
        Assert.Equal([null, "gue:7000", null], group.Servers.Select(static s => s.Encap?.ToString()));
        Assert.All(Compile(profile with { DsrType = DsrType.L2 },
            [Server(2) with { Encapsulation = Encapsulation.Gue }]).Servers, static s => Assert.Null(s.Encap));
    }

    [Fact]
    public void Server_state_decides_about_new_and_existing_flows()
    {
        var group = Compile(new NetworkProfile { Name = "p" },
            [Server(1) with { Weight = 3 }, Server(2) with { State = ServerState.Draining },
            Server(3) with { State = ServerState.Disabled }, Server(4) with { Weight = 0 }, Server(9)], 4);
        Assert.Equal([3, 0, 0, 0, 1], group.Servers.Select(static s => s.Weight));
        Assert.Equal([FlowState.Keep, FlowState.Keep, FlowState.Move, FlowState.Keep, FlowState.Move],
            group.Servers.Select(static s => s.Flows));
        Assert.Equal([true, false, false, false, false], group.Servers.Select(static s => s.IsUsable));
    }

    /// <summary>Backup servers come first. A server that is unhealthy, disabled, unresolved or has weight 0 gets no
    /// flow by the fallback either.</summary>
    [Theory]
    [InlineData("draining draining draining", "1 2 3")]
    [InlineData("draining disabled draining", "1 3")]
    [InlineData("draining weightless draining", "1 3")]
    [InlineData("draining unhealthy enabled", "3")]
    [InlineData("draining enabled draining", "2")]
    [InlineData("draining unhealthy draining", "1 3")]
    [InlineData("draining backup draining", "2")]
    [InlineData("unhealthy unhealthy unhealthy", "")]
    public void Pool_falls_back_to_its_healthy_draining_servers(string states, string members)
    {
        RealServer[] servers = [.. states.Split(' ').Select(static (s, i) => s switch
        {
            "enabled" or "unhealthy" => Server(i + 1),
            "backup" => Server(i + 1) with { Backup = true },
            "disabled" => Server(i + 1) with { State = ServerState.Disabled },
            "weightless" => Server(i + 1) with { State = ServerState.Draining, Weight = 0 },
            _ => Server(i + 1) with { State = ServerState.Draining },
        })];
        var configuration = Configuration(new NetworkProfile { Name = "p" }, [.. servers], 1);
        configuration = configuration with
        {
            Pools = [configuration.Pools[0] with { FallbackToDraining = true, Monitors = null }],
        };
        var key = ConfiguredGroup.Of(new EffectiveConfiguration(configuration)).Single().Key;
        var health = new ServerHealth(ImmutableDictionary<GroupKey, GroupHealth>.Empty.Add(key, new GroupHealth(
            [.. states.Split(' ').Index().Where(static s => s.Item != "unhealthy")
                .Select(static s => TestPools.VrfAddressOf(s.Index + 1))])));
        var group = TableCompiler.Compile(configuration, NextHopsOf(3), health: health).Groups[0];
        Assert.Equal(members, string.Join(' ', group.Slots.Members.Select(static m => m.Address.GetAddressBytes()[3])));
    }

    [Theory]
    [InlineData(1, 3, "1 2 3")]
    [InlineData(2, 3, "1 2 3")]
    [InlineData(3, 3, "1 2 3")]
    [InlineData(1, 1, "1")]
    [InlineData(2, 1, "1 5 6")]
    [InlineData(1, 0, "5 6")]
    public void Backup_servers_serve_while_too_few_others_are_usable(int minimum, int enabled, string members)
    {
        ImmutableArray<RealServer> servers =
        [
            .. Enumerable.Range(1, 3).Select(
            i => Server(i) with { State = i <= enabled ? ServerState.Enabled : ServerState.Disabled }),
            Server(5) with { Backup = true }, Server(6) with { Backup = true },
        ];
        var group = Compile(new NetworkProfile { Name = "p" }, servers, minimum: minimum);
        Assert.Equal(members, string.Join(' ', group.Slots.Members.Select(static m => m.Address.GetAddressBytes()[3])));
        Assert.All(group.Servers.Where(static s => s.Name is "s5" or "s6"),
            static s => Assert.Equal(FlowState.Keep, s.Flows));
    }

    [Fact]
    public void Unresolved_server_counts_as_missing() =>
        Assert.Equal([TestPools.Address(1), TestPools.Address(2)],
            Compile(new NetworkProfile { Name = "p" }, [Server(1), Server(2) with { Backup = true }, Server(9)],
            minimum: 2).Slots.Members.Select(static m => m.Address));

    [Theory]
    [InlineData(Encapsulation.IpIp, false, NoAddress + ", or give the networkProfile an outer source prefix of IPv6")]
    [InlineData(Encapsulation.Gue, false, NoAddress)]
    [InlineData(Encapsulation.IpIp, true, null)]
    [InlineData(Encapsulation.Gue, true, NoAddress)]
    public void Server_without_an_outer_source_is_not_usable(Encapsulation encapsulation, bool prefix, string? obstacle)
    {
        var profile =
            new NetworkProfile
            {
                Name = "p",
                Encapsulation = encapsulation,
                OuterSource6 = prefix ? IPNetwork.Parse("2001:db8:f::/64") : null
            };
        Assert.Equal(obstacle, CompileIpv6(profile, new NextHop(Lan, new MacAddress(9))).Obstacle);
        Assert.Null(CompileIpv6(profile, new NextHop(DualStack, new MacAddress(9))).Obstacle);
        Assert.Null(CompileIpv6(profile, new NextHop(Lan, new MacAddress(9), IsLocal: true)).Obstacle);
        Assert.Null(CompileIpv6(profile with { DsrType = DsrType.L2 }, new NextHop(Lan, new MacAddress(9))).Obstacle);
    }

    [Fact]
    public void Server_with_an_obstacle_has_no_next_hop_and_no_flows()
    {
        var server =
            CompileIpv6(new NetworkProfile { Name = "p", DsrType = DsrType.L2 },
            new NextHop(Lan, new MacAddress(9), ViaRouter: true));
        Assert.Equal((null, FlowState.Move), (server.NextHop, server.Flows));
        Assert.Equal("it is behind a router, which layer 2 cannot cross: use a networkProfile with dsrType l3",
            server.Obstacle);
    }

    [Fact]
    public void Unchanged_pool_is_reused_and_a_changed_next_hop_is_applied()
    {
        var configuration = Configuration(new NetworkProfile { Name = "p" }, [Server(1), Server(2)], 1);
        var first = TableCompiler.Compile(configuration, NextHopsOf(3));
        Assert.Same(first.Groups[0], TableCompiler.Compile(configuration with { }, NextHopsOf(3), first).Groups[0]);
        var second = TableCompiler.Compile(configuration, NextHopsOf(3, mac: 8), first);
        Assert.Same(first.Groups[0].Slots, second.Groups[0].Slots);
        Assert.All(second.Groups[0].Servers, static s => Assert.Equal(new MacAddress(8), s.NextHop!.Neighbour));
        Assert.NotSame(second.Groups[0], TableCompiler.Compile(configuration, NextHopsOf(1, mac: 8), second).Groups[0]);
    }

    private static ServerEntry CompileIpv6(NetworkProfile profile, NextHop hop) => TableCompiler.Compile(
        Configuration(profile, [Server(1) with { Address = Ipv6Server }], 1),
        new NextHops([hop.Egress], new Dictionary<VrfAddress, NextHop> { [VrfAddress.InDefault(Ipv6Server)] = hop },
        new Dictionary<VrfAddress, string>())).Groups[0].Servers[0];

    private static ServerGroup Compile(
        NetworkProfile profile, ImmutableArray<RealServer> servers, int resolved = 8, int minimum = 1) =>
        TableCompiler.Compile(Configuration(profile, servers, minimum), NextHopsOf(resolved)).Groups.Single();

    private static Configuration Configuration(
        NetworkProfile profile, ImmutableArray<RealServer> servers, int minimum) => new()
        {
            Node = new NodeSettings { Interfaces = [new("lan0", Driver.Auto)] },
            Group = new GroupSettings { HashKey = new HashKey(7, 9) },
            NetworkProfiles = [profile],
            Pools = [new Pool { Name = "web", Slots = 1021, Servers = servers, MinServers = minimum }],
            VirtualServices =
        [
            new VirtualService
            {
                Name = "web", Vips = [IPNetwork.Parse("198.51.100.10/32")], Protocol = TransportProtocol.Tcp,
                    Ports = [PortRange.One(80)],
                Pool = "web", NetworkProfile = profile.Name,
            },
        ],
        };

    private static RealServer Server(int number) => new() { Name = $"s{number}", Address = TestPools.Address(number) };

    private static NextHops NextHopsOf(int servers, ulong mac = 9) => new(
        [Lan], Enumerable.Range(1, servers)
            .ToDictionary(TestPools.VrfAddressOf, _ => new NextHop(Lan, new MacAddress(mac))),
        new Dictionary<VrfAddress, string>());
}
