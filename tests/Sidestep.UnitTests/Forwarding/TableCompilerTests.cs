using System.Collections.Immutable;
using System.Net;
using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

public sealed class TableCompilerTests
{
    private static readonly EgressInterface Lan = new(1, "lan0", new MacAddress(2), IPAddress.Parse("192.0.2.2"), 1500);
    private static readonly EgressInterface Wan = new(2, "wan0", new MacAddress(3), IPAddress.Parse("192.0.3.2"), 1500);
    private static readonly IPNetwork Vip = IPNetwork.Parse("198.51.100.10/32");

    [Fact]
    public void Empty_configuration_makes_empty_tables()
    {
        var tables = TableCompiler.Compile(Configuration([], []), NextHopsOf(0));
        Assert.Empty(tables.Vips);
        Assert.Empty(tables.Services);
        Assert.Empty(tables.Groups);
        Assert.Equal([Lan, Wan], tables.Interfaces);
    }

    [Fact]
    public void Order_of_the_input_does_not_matter()
    {
        Pool[] pools = [Pool("a", 5), Pool("b", 3), Pool("c", 0)];
        VirtualService[] services =
        [
            Service("a1", "a", port: 80), Service("a2", "a", port: 81, profile: "l2"),
                Service("b1", "b", port: 82, profile: "l2"),
            Service("c1", "c", port: 83) with { Vips = [IPNetwork.Parse("198.51.100.9/32")] },
            Service("off", "a", port: 84) with { Enabled = false },
        ];
        var expected = Describe(TableCompiler.Compile(Configuration(pools, services), NextHopsOf(8)));

        Gens.Check(Gen.Choose(0, int.MaxValue), seed =>
        {
            var random = new Random(seed);
            T[] Shuffled<T>(IEnumerable<T> items)
            {
                var array = items.ToArray();
                random.Shuffle(array);
                return array;
            }
            var hops = NextHopsOf(8);
            return Describe(TableCompiler.Compile(
                Configuration([.. Shuffled(pools).Select(p => p with { Servers = [.. Shuffled(p.Servers)] })],
                Shuffled(services)),
                new NextHops(Shuffled(hops.Interfaces), Shuffled(hops.Servers).ToDictionary(),
                hops.Unresolved))) == expected;
        }, 50);
    }

    [Fact]
    public void Disabled_service_leaves_no_trace_in_the_tables()
    {
        var tables = TableCompiler.Compile(
            Configuration([Pool("web", 1)], [Service("web", "web") with { Enabled = false }]), NextHopsOf(1));
        Assert.Empty(tables.Services);
        Assert.Empty(tables.Vips);
        Assert.Empty(tables.Groups);
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)] // must not attract traffic
    [InlineData(true, false, false)] // could not serve it
    public void VIP_replies_to_ARP_while_a_service_attracts_traffic_and_can_serve_it(
        bool trafficEnabled, bool resolved, bool replies)
    {
        var tables = TableCompiler.Compile(
            Configuration([Pool("web", 1)], [Service("web", "web") with { TrafficEnabled = trafficEnabled }]),
            NextHopsOf(resolved ? 1 : 0));
        Assert.Equal([new VipEntry(Vip, replies, replies ? EchoAction.Reply : EchoAction.Drop) { InService = replies }],
            tables.Vips);
        Assert.Single(tables.Services);
    }

    [Fact]
    public void One_service_must_both_attract_traffic_and_be_able_to_serve_it()
    {
        Pool[] pools = [Pool("web", 1), Pool("empty", 0)];
        var silent = Service("silent", "web", port: 80) with { TrafficEnabled = false };
        var unable = Service("unable", "empty", port: 81);
        Assert.False(
            TableCompiler.Compile(Configuration(pools, [silent, unable]), NextHopsOf(1)).Vips.Single().RespondsToArp);
        Assert.True(
            TableCompiler.Compile(Configuration(pools, [silent, unable, Service("good", "web", port: 82)]),
            NextHopsOf(1)).Vips.Single().RespondsToArp);
    }

    [Theory]
    [InlineData(EchoPolicy.Active, true, EchoAction.Reply)]
    [InlineData(EchoPolicy.Active, false, EchoAction.Drop)]
    [InlineData(EchoPolicy.Always, false, EchoAction.Reply)]
    [InlineData(EchoPolicy.Forward, true, EchoAction.Forward)]
    [InlineData(EchoPolicy.Forward, false, EchoAction.Drop)]
    [InlineData(EchoPolicy.Drop, true, EchoAction.Drop)]
    public void Echo_requests_follow_the_echo_policy_of_the_VIP(EchoPolicy policy, bool resolved, EchoAction echo)
    {
        var tables = TableCompiler.Compile(
            Configuration([Pool("empty", 0), Pool("web", 1)],
            [Service("a", "empty"), Service("c", "web", port: 82), Service("b", "web", port: 81)])
                with
            { Vips = [new Vip(Vip, policy)] },
            NextHopsOf(resolved ? 1 : 0));
        var service = echo == EchoAction.Forward ? ServiceKey.InDefault("b") : (ServiceKey?)null;
        Assert.Equal([new VipEntry(Vip, resolved, echo, service) { InService = resolved }], tables.Vips);
    }

    [Fact]
    public void Prefix_VIP_never_replies_to_ARP()
    {
        var prefix = IPNetwork.Parse("198.51.100.0/24");
        var six = IPNetwork.Parse("2001:db8::/128");
        var tables = TableCompiler.Compile(
            Configuration([Pool("web", 1)], [Service("web", "web") with { Vips = [six, prefix, Vip] }]), NextHopsOf(1));
        Assert.Equal(
            [
                new VipEntry(prefix, false, EchoAction.Reply) { InService = true },
                new VipEntry(Vip, true, EchoAction.Reply) { InService = true },
                new VipEntry(six, true, EchoAction.Reply) { InService = true },
            ],
            tables.Vips);
    }

    [Fact]
    public void Service_has_the_settings_of_its_pool_profile_and_access_list()
    {
        var list = new AccessList { Name = "office", Allow = [IPNetwork.Parse("10.0.0.0/8")] };
        var profile =
            new NetworkProfile
            {
                Name = "p",
                IdleTimeouts = new IdleTimeouts(1, 2, 3),
                Oversized = OversizedPolicy.Drop,
                UdpOnRebalance = UdpRebalancePolicy.Move
            };
        var pool = Pool("web", 1) with
        {
            Algorithm = Algorithm.RoundRobin,
            HashFields = HashFields.FiveTuple,
            Persistence = new Persistence(60)
        };
        var configuration = Configuration([pool], [Service("web", "web", profile: "p") with { AccessList = "office" }])
            with
        { NetworkProfiles = [profile], AccessLists = [list] };
        configuration = configuration with
        {
            Group = configuration.Group with { OnNoService = RejectPolicy.Unreachable },
            VirtualServices = [configuration.VirtualServices[0] with
            {
                OnNoServer = RejectPolicy.Reset, OncePerDatagram = true,
            }],
        };
        var tables = TableCompiler.Compile(configuration, NextHopsOf(1));
        Assert.Equal(RejectPolicy.Unreachable, tables.OnNoService);
        var service = tables.Services.Single();
        Assert.Equal((RejectPolicy.Reset, true), (service.OnNoServer, service.OncePerDatagram));
        Assert.Equal((pool.Algorithm, pool.HashFields, pool.Persistence),
            (service.Algorithm, service.HashFields, service.Persistence));
        Assert.Equal((profile.IdleTimeouts, profile.Oversized, profile.UdpOnRebalance, list),
            (service.IdleTimeouts, service.Oversized, service.UdpOnRebalance, service.AccessList));
    }

    [Fact]
    public void Resolved_directors_are_peers()
    {
        IPAddress one = IPAddress.Parse("192.0.2.3"), other = IPAddress.Parse("2001:db8::3"),
            missing = IPAddress.Parse("192.0.2.4");
        var configuration = Configuration([], []);
        var tables = TableCompiler.Compile(
            configuration with { Group = configuration.Group with { Peers = [other, missing, one] } },
            NextHopsOf(0) with
            {
                Peers = new Dictionary<VrfAddress, MacAddress>
                {
                    [VrfAddress.InDefault(one)] = new(7),
                    [VrfAddress.InDefault(other)] = new(5),
                },
            });
        Assert.Equal([new MacAddress(5), new MacAddress(7)], tables.Peers);
    }

    [Fact]
    public void Unmonitored_pool_forms_one_group_per_encapsulation()
    {
        var tables = TableCompiler.Compile(
            Configuration([Pool("web", 2) with { Monitors = [] }],
            [Service("a", "web", port: 80), Service("b", "web", port: 81),
            Service("c", "web", port: 82, profile: "l2")]),
            NextHopsOf(2));
        Assert.Equal(["web/ipip", "web/l2"], tables.Groups.Select(static g => g.Key.ToString()));
        Assert.Equal(["web/ipip", "web/ipip", "web/l2"], tables.Services.Select(static s => s.Group.ToString()));
        Assert.Equal(tables.Groups[0].Slots.Slots, tables.Groups[1].Slots.Slots);
    }

    [Theory]
    [InlineData(HealthScope.Service, 2)]
    [InlineData(HealthScope.Pool, 1)]
    public void Monitored_pool_forms_a_group_per_service_unless_they_share_verdicts(HealthScope scope, int groups)
    {
        var tables = TableCompiler.Compile(
            Configuration([Pool("web", 2) with { Monitors = null, HealthScope = scope }],
            [Service("a", "web", port: 80), Service("b", "web", port: 81)]),
            NextHopsOf(2));
        Assert.Equal(groups, tables.Groups.Length);
        Assert.Equal(groups, tables.Services.Select(static s => s.Group).Distinct().Count());
        Assert.Single(tables.Groups.Select(static g => g.Slots).Distinct());
        Assert.Single(tables.Services.Select(static s => s.SlotsOf).Distinct());
    }

    /// <summary>Groups are compiled in parallel.</summary>
    [Fact]
    public void Services_with_the_same_servers_share_one_slot_table()
    {
        var services = Enumerable.Range(0, 60).Select(static i => Service($"s{i}", "web", port: 80 + i)).ToArray();
        for (var round = 0; round < 50; round++)
        {
            var tables = TableCompiler.Compile(Configuration([Pool("web", 2) with { Monitors = null }], services),
                NextHopsOf(2));
            Assert.Equal(services.Length, tables.Groups.Length);
            Assert.Single(tables.Groups.Select(static g => g.Slots).Distinct());
        }
    }

    /// <summary>Later fragments of a VIP follow one slot table only while its services choose the same
    /// servers.</summary>
    [Fact]
    public void Services_whose_servers_differ_have_slots_of_their_own()
    {
        var configuration = Configuration([Pool("web", 2) with { Monitors = null }],
            [Service("a", "web", port: 80), Service("b", "web", port: 81), Service("c", "web", port: 82)]);
        var servers = configuration.Pools[0].Servers.Select(static s => s.VrfAddress).ToArray();
        var health = new ServerHealth(ConfiguredGroup.Of(new EffectiveConfiguration(configuration))
            .ToImmutableDictionary(static g => g.Key,
                g => new GroupHealth([.. g.Key.Service!.Value.Name == "b" ? servers[..1] : servers])));
        var tables = TableCompiler.Compile(configuration, NextHopsOf(2), health: health);
        Assert.Equal(["a", "b", "a"], tables.Services.Select(static s => s.SlotsOf.Service!.Value.Name));
        Assert.Null(PortMap.Of(tables).Vips[0].Of(IpProtocol.Tcp).Fragments);
    }

    [Fact]
    public void Server_behind_a_router_is_not_a_member_at_layer_2()
    {
        var hops = NextHopsOf(1, viaRouter: true);
        var tables = TableCompiler.Compile(
            Configuration([Pool("web", 1)],
            [Service("a", "web", port: 80), Service("b", "web", port: 81, profile: "l2")]), hops);
        Assert.True(tables.Groups[0].Servers[0].IsUsable);
        Assert.False(tables.Groups[1].Servers[0].IsUsable);
        Assert.Empty(tables.Groups[1].Slots.Slots);
    }

    [Fact]
    public void Server_without_weight_or_next_hop_is_listed_but_not_a_member()
    {
        var pool = Pool("web", 4);
        pool = pool with
        {
            Servers = [pool.Servers[0], pool.Servers[1] with { Weight = 0 },
                pool.Servers[2] with { State = ServerState.Disabled }, pool.Servers[3]],
        };
        var group = TableCompiler.Compile(
            Configuration([pool], [Service("web", "web")]), NextHopsOf(3)).Groups.Single();
        Assert.Equal([true, false, false, false], group.Servers.Select(static s => s.IsUsable));
        Assert.Equal([1, 0, 0, 1], group.Servers.Select(static s => s.Weight));
        Assert.Equal(pool.Servers[0].Address, Assert.Single(group.Slots.Members).Address);
    }

    [Fact]
    public void Slot_table_is_empty_when_the_last_server_is_gone()
    {
        var configuration = Configuration([Pool("web", 1)], [Service("web", "web")]);
        var full = TableCompiler.Compile(configuration, NextHopsOf(1));
        var empty = TableCompiler.Compile(configuration, NextHopsOf(0), full);
        Assert.NotEmpty(full.Groups.Single().Slots.Slots);
        Assert.Empty(empty.Groups.Single().Slots.Slots);
    }

    [Fact]
    public void Slot_table_is_reused_while_its_members_stay_the_same()
    {
        var configuration = Configuration([Pool("web", 3)], [Service("web", "web")]);
        var first = TableCompiler.Compile(configuration, NextHopsOf(3));
        var second = TableCompiler.Compile(
            configuration with { VirtualServices = [Service("other", "web", port: 81)] }, NextHopsOf(3), first);
        Assert.Same(first.Groups[0].Slots, second.Groups[0].Slots);
    }

    [Fact]
    public void Previous_tables_affect_nothing_but_transitions()
    {
        VirtualService[] services = [Service("web", "web")];
        ForwardingTables? previous = null;
        Gens.Check(
            Gen.Choose(0, 6).Zip(Gen.Choose(0, 6)).Zip(Gen.Choose(1, 3))
            .Zip(Gen.Elements(1021, 4093).Zip(Gen.Choose(1, 2))),
            x =>
            {
                var (((servers, resolved), weight), (slots, key)) = x;
                var pool = Pool("web", servers);
                pool = pool with
                {
                    Slots = slots,
                    Servers = [.. pool.Servers.Select((s, i) => i == 0 ? s with { Weight = weight } : s)]
                };
                var configuration = Configuration([pool], services, (ulong)key);
                var fresh = TableCompiler.Compile(configuration, NextHopsOf(resolved));
                previous = TableCompiler.Compile(configuration, NextHopsOf(resolved), previous);
                return Describe(previous) == Describe(fresh);
            }, 300);
    }

    private static Configuration Configuration(Pool[] pools, VirtualService[] services, ulong key = 7) => new()
    {
        Node = new NodeSettings { Interfaces = [new("lan0", Driver.Auto)] },
        Group = new GroupSettings { HashKey = new HashKey(key, 9) },
        NetworkProfiles = [new NetworkProfile { Name = "l2", DsrType = DsrType.L2 }],
        Pools = [.. pools],
        VirtualServices = [.. services],
    };

    private static Pool Pool(string name, int servers) => new()
    {
        Name = name,
        Slots = 1021,
        Servers = [.. Enumerable.Range(1, servers)
        .Select(static i => new RealServer { Name = $"s{i}", Address = TestPools.Address(i) })],
    };

    private static VirtualService Service(string name, string pool, int port = 80, string? profile = null) => new()
    {
        Name = name,
        Vips = [Vip],
        Protocol = TransportProtocol.Tcp,
        Ports = [PortRange.One(port)],
        Pool = pool,
        NetworkProfile = profile,
    };

    /// <summary>Next hops of the first <paramref name="servers"/> servers.</summary>
    private static NextHops NextHopsOf(int servers, bool viaRouter = false) => new(
        [Lan, Wan],
        Enumerable.Range(1, servers).ToDictionary(
            TestPools.VrfAddressOf, i => new NextHop(i % 2 == 0 ? Wan : Lan, new MacAddress((ulong)i), viaRouter)),
        new Dictionary<VrfAddress, string>());

    /// <summary>The contents of tables as text: records with arrays do not compare by content.</summary>
    private static string Describe(ForwardingTables tables) => string.Join('\n',
    [
        $"{tables.HashKey}",
        .. tables.Interfaces.Select(static i => $"{i}"),
        .. tables.Vips.Select(static v => $"{v}"),
        .. tables.Services.Select(static s => $"{s}"),
        .. tables.Groups.Select(static g =>
            $"{g.Key}: {string.Join(' ', g.Servers)}: {string.Join(' ', g.Slots.Members)}:"
            + $" {string.Join(' ', g.Slots.Slots)}"),
    ]);
}
