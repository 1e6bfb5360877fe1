using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Sidestep.Api.Plans;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

public sealed class PlannerTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly ImmutableArray<RealServer> Four =
        [.. Enumerable.Range(1, 4).Select(
            static i => new RealServer { Name = $"s{i}", Address = TestPools.Address(i) })];

    [Fact]
    public void Same_configuration_changes_nothing()
    {
        var plan = Planner.Of(Running(Configuration(Four), 10), Configuration(Four), Now);
        Assert.True(plan.IsEmpty);
        Assert.Equal((1021, 0), (plan.Slots, plan.MovedSlots));
        Assert.Equal(new FlowForecast(40, 0, 0), plan.Flows);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void New_server_takes_its_share_and_breaks_no_flow()
    {
        var plan = Planner.Of(Running(Configuration(Four), 10),
            Configuration(Four.Add(new RealServer { Name = "s5", Address = TestPools.Address(5) })), Now);
        var server = Assert.Single(plan.Groups.Single().Servers, static s => s.Change != ChangeKind.None);
        Assert.Equal(("s5", ChangeKind.Added, null, "weight 1", 0),
            (server.Name, server.Change, server.Before, server.After, server.SlotsBefore));
        Assert.InRange(server.SlotsAfter, 204, 205);
        Assert.InRange(plan.MovedSlots, server.SlotsAfter, server.SlotsAfter * 2);
        Assert.Equal(new FlowForecast(40, 0, 0), plan.Flows);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void Deleted_server_breaks_its_flows_and_draining_server_does_not()
    {
        var plan = Planner.Of(Running(Configuration(Four), 10),
            Configuration([Four[0], Four[1] with { State = ServerState.Draining }, Four[2]]), Now);
        var servers = plan.Groups.Single().Servers;
        Assert.Equal([ChangeKind.None, ChangeKind.Changed, ChangeKind.None, ChangeKind.Removed],
            servers.Select(static s => s.Change));
        Assert.Equal("draining", servers[1].After);
        Assert.Equal(new FlowForecast(10, 0, 0), servers[1].Flows);
        Assert.Equal(new FlowForecast(0, 0, 10), servers[3].Flows);
        Assert.StartsWith(
            "web/ipip: s4 (10.0.0.4) is deleted while it has 255 slots and 10 tracked flows: its connections break.",
            Assert.Single(plan.Warnings));
    }

    [Fact]
    public void Disabling_a_server_is_warned_about_even_without_tracked_flows()
    {
        var plan = Planner.Of(Running(Configuration(Four), 0),
            Configuration(Four.SetItem(0, Four[0] with { State = ServerState.Disabled })), Now);
        Assert.Contains("s1 (10.0.0.1) is disabled while it has 256 slots", Assert.Single(plan.Warnings));
    }

    [Theory]
    [InlineData(ServerState.Draining, 1)]
    [InlineData(ServerState.Enabled, 0)]
    public void Pool_without_a_server_for_new_flows_is_warned_about(ServerState state, int weight)
    {
        RealServer Out(RealServer server) => server with { State = state, Weight = weight };
        var plan = Planner.Of(Running(Configuration(Four), 0), Configuration([.. Four.Select(Out)]), Now);
        Assert.Equal("web/ipip: no server accepts new flows, because each is draining, disabled or has weight 0: new "
            + "clients of www are dropped", Assert.Single(plan.Warnings));
        Assert.Empty(Planner.Of(
            Running(Configuration(Four), 0), Configuration([Four[0], .. Four.Skip(1).Select(Out)]), Now).Warnings);
    }

    [Fact]
    public void Pool_that_falls_back_to_draining_servers_is_described_as_such()
    {
        var before = Configuration(Four);
        var after = Configuration([.. Four.Select(static s => s with { State = ServerState.Draining })]);
        var plan = Planner.Of(Running(before, 0),
            after with { Pools = [after.Pools[0] with { FallbackToDraining = true }] }, Now);
        Assert.Equal("web/ipip: no server is enabled with a weight above 0, so draining servers continue to get the "
            + "new flows of www (fallbackToDraining), until the deadline of their drain", Assert.Single(plan.Warnings));
        Assert.Equal(0, plan.Groups[0].MovedSlots);
        Assert.All(plan.Groups[0].Servers, static s => Assert.StartsWith("draining, fallback with weight ", s.After,
            StringComparison.Ordinal));
    }

    [Fact]
    public void Ports_and_VIPs_that_a_running_pool_gets_are_unproven()
    {
        var running = Configuration(Four);
        var www = running.VirtualServices[0];
        string[] WarningsOf(params VirtualService[] services) =>
            [.. Planner.Of(Running(running, 0), running with { VirtualServices = [.. services] }, Now).Warnings];
        Assert.Equal(
            [
                "status: 198.51.100.10 tcp/81: unproven, because no server of web/ipip was probed there yet. What the "
                    + "servers serve now continues; new clients get no answer from servers that are not ready",
            ], WarningsOf(www, www with { Name = "status", Ports = [PortRange.One(81)] }));
        var many = www with
        {
            Vips = [.. www.Vips, .. Enumerable.Range(1, 250).Select(static i => IPNetwork.Parse($"198.51.{i}.1/32"))],
        };
        Assert.Contains(" tcp/80, and 247 more VIPs: unproven", Assert.Single(WarningsOf(many)),
            StringComparison.Ordinal);
        // Fewer ports are no news, and a pool without monitors proves nothing.
        Assert.Empty(WarningsOf(www));
        var unmonitored = running with { Pools = [running.Pools[0] with { Monitors = [] }], VirtualServices = [many] };
        Assert.Empty(Planner.Of(Running(running, 0), unmonitored, Now).Warnings);
    }

    [Fact]
    public void Removing_a_drained_server_gives_no_warning()
    {
        var drained = Configuration(Four.SetItem(0, Four[0] with { State = ServerState.Draining }));
        var plan = Planner.Of(Running(drained, 0), Configuration([.. Four.Skip(1)]), Now);
        Assert.Equal(0, plan.MovedSlots);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void New_slot_count_or_hash_key_moves_all_slots_and_keeps_tracked_flows()
    {
        var proposed = Configuration(Four);
        var slots = Planner.Of(Running(proposed, 10),
            proposed with { Pools = [proposed.Pools[0] with { Slots = 4093 }] }, Now);
        Assert.Equal((4093, 4093), (slots.Slots, slots.MovedSlots));
        Assert.Contains("every slot moves", Assert.Single(slots.Warnings));
        Assert.Equal(new FlowForecast(40, 0, 0), slots.Flows);

        var key = Planner.Of(Running(proposed, 10),
            proposed with { Group = proposed.Group with { HashKey = new HashKey(8, 8) } }, Now);
        Assert.Equal(1021, key.MovedSlots);
        Assert.Contains("group.hashKey changes", Assert.Single(key.Warnings));
    }

    [Fact]
    public void New_encapsulation_keeps_the_slots_and_moves_tracked_flows()
    {
        var proposed =
            Configuration(Four) with
            {
                NetworkProfiles =
            [new NetworkProfile { Name = "p", Encapsulation = Encapsulation.Gre }]
            };
        var plan = Planner.Of(Running(Configuration(Four), 10), proposed, Now);
        Assert.Equal(["web/gre Added", "web/ipip Removed"], plan.Groups.Select(static g => $"{g.Key} {g.Change}"));
        Assert.Equal((1021, 0), (plan.Slots, plan.MovedSlots));
        Assert.Equal(new FlowForecast(0, 40, 0), plan.Flows);
        Assert.Empty(plan.Warnings);
        Assert.Equal("198.51.100.10 tcp/80 by web/ipip -> 198.51.100.10 tcp/80 by web/gre",
            plan.Services.Select(static s => $"{s.Before} -> {s.After}").Single());
    }

    [Fact]
    public void Added_removed_and_changed_services_are_listed()
    {
        var previous = Configuration(Four);
        var service = previous.VirtualServices[0];
        var proposed =
            previous with
            {
                VirtualServices =
            [service with { Ports = [PortRange.One(80), new(8000, 8099)] },
            service with { Name = "new", Ports = [PortRange.One(443)] }]
            };
        Assert.Equal(
            ["new Added  -> 198.51.100.10 tcp/443 by web/ipip",
            "www Changed 198.51.100.10 tcp/80 by web/ipip -> 198.51.100.10 tcp/80,8000-8099 by web/ipip"],
            Planner.Of(Running(previous, 0), proposed, Now).Services
            .Select(static s => $"{s.Name} {s.Change} {s.Before} -> {s.After}"));
        Assert.Equal([ChangeKind.Removed, ChangeKind.Changed],
            Planner.Of(Running(proposed, 0), previous, Now).Services.Select(static s => s.Change));
    }

    [Fact]
    public void Servers_of_a_pool_do_not_change_when_a_service_comes_or_goes()
    {
        var one = Configuration(Four);
        var two = one with
        {
            VirtualServices =
                [one.VirtualServices[0], one.VirtualServices[0] with { Name = "s", Ports = [PortRange.One(443)] }],
        };
        var plan = Planner.Of(Running(one, 10), two, Now);
        Assert.Equal([(ChangeKind.Added, "s"), (ChangeKind.None, "www")],
            plan.Groups.Select(static g => (g.Change, g.Key.Service?.Name)));
        Assert.All(plan.Groups.SelectMany(static g => g.Servers), static s => Assert.Equal(ChangeKind.None, s.Change));
        Assert.Equal((0, new FlowForecast(40, 0, 0)), (plan.MovedSlots, plan.Flows));
        plan = Planner.Of(Running(two, 10), one, Now);
        Assert.Equal((0, new FlowForecast(40, 0, 40)), (plan.MovedSlots, plan.Flows));
        Assert.All(plan.Groups.SelectMany(static g => g.Servers), static s => Assert.Equal(ChangeKind.None, s.Change));
    }

    [Fact]
    public void Services_of_a_pool_that_share_verdicts_again_keep_their_flows()
    {
        var own = Configuration(Four);
        var shared = own with { Pools = [own.Pools[0] with { HealthScope = HealthScope.Pool }] };
        Assert.Equal(new FlowForecast(40, 0, 0), Planner.Of(Running(own, 10), shared, Now).Flows);
        Assert.Equal(new FlowForecast(40, 0, 0), Planner.Of(Running(shared, 10), own, Now).Flows);
    }

    [Fact]
    public void Pool_without_a_service_breaks_its_flows()
    {
        var previous = Configuration(Four);
        var plan = Planner.Of(Running(previous, 10), previous with { VirtualServices = [] }, Now);
        Assert.Equal(new FlowForecast(0, 0, 40), plan.Flows);
        Assert.Equal(5, plan.Warnings.Length);
        Assert.Equal(
            "www is removed (198.51.100.10 tcp/80 by web/ipip): packets that clients still send to it are no longer "
                + "forwarded",
            plan.Warnings[^1]);
    }

    [Fact]
    public void Service_that_takes_over_ports_of_another_changes_both()
    {
        var previous =
            Configuration(Four) with
            {
                VirtualServices =
            [Configuration(Four).VirtualServices[0] with { Protocol = TransportProtocol.Any,
            Ports = [PortRange.Any] }]
            };
        var service = previous.VirtualServices[0];
        var proposed =
            previous with
            {
                VirtualServices =
            [service, service with { Name = "tls", Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(443)] }]
            };
        Assert.Equal(
            ["tls Added  -> 198.51.100.10 tcp/443 by web/ipip",
                "www Changed 198.51.100.10 any by web/ipip -> 198.51.100.10 protocols 0-5, tcp/0-442,444-65535,"
                    + " protocols 7-255 by web/ipip"],
            Planner.Of(Running(previous, 0), proposed, Now).Services
            .Select(static s => $"{s.Name} {s.Change} {s.Before} -> {s.After}"));
    }

    [Theory]
    [InlineData("198.51.100.10/32 0 16777215", "198.51.100.10 any")]
    [InlineData("198.51.100.10/32 393296 393296|198.51.100.10/32 393659 393660", "198.51.100.10 tcp/80,443-444")]
    [InlineData("2001:db8::/64 1114165 1114165|198.51.100.0/24 1114165 1114165",
        "198.51.100.0/24,2001:db8::/64 udp/53")]
    [InlineData("198.51.100.10/32 393216 458751|198.51.100.11/32 1114112 1179647",
        "198.51.100.10 tcp/any; 198.51.100.11 udp/any")]
    [InlineData("198.51.100.10/32 3080192 3145727", "198.51.100.10 protocol 47")]
    public void Matched_traffic_is_described_concisely(string matches, string text) =>
        Assert.Equal(text, EffectivePorts.Describe(matches.Split('|').Select(static t =>
    {
        var parts = t.Split(' ');
        return new EffectivePorts(IPNetwork.Parse(parts[0]), int.Parse(parts[1], CultureInfo.InvariantCulture),
            int.Parse(parts[2], CultureInfo.InvariantCulture));
    })));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Moving_a_service_to_a_pool_without_verified_servers_is_warned_about(bool isWatched)
    {
        var before = Configuration(Four);
        var next = before.Pools[0] with { Name = "next", Monitors = isWatched ? before.Pools[0].Monitors : [] };
        var proposed =
            before with
            {
                Pools = [.. before.Pools, next],
                VirtualServices = [before.VirtualServices[0] with { Pool = "next" }]
            };
        const string Warning =
            "www moves to pool next, whose servers were never probed for it: until the probes succeed, "
            + "pool web continues to serve it";
        var warnings = Planner.Of(Running(before, 0), proposed, Now).Warnings
            .Where(static w => w.StartsWith("www ", StringComparison.Ordinal));
        Assert.Equal(isWatched ? [Warning] : [], warnings);
    }

    private static Configuration Configuration(ImmutableArray<RealServer> servers) => new()
    {
        Node = new NodeSettings { Interfaces = [new("lan0", Driver.Auto)] },
        Group = new GroupSettings { HashKey = new HashKey(7, 9) },
        NetworkProfiles = [new NetworkProfile { Name = "p" }],
        Pools = [new Pool { Name = "web", Slots = 1021, Servers = servers }],
        VirtualServices =
        [
            new VirtualService
            {
                Name = "www", Vips = [IPNetwork.Parse("198.51.100.10/32")], Protocol = TransportProtocol.Tcp,
                    Ports = [PortRange.One(80)],
                Pool = "web", NetworkProfile = "p",
            },
        ],
    };

    /// <summary>The running state of a configuration, with a number of tracked flows per server.</summary>
    private static RunningState Running(Configuration configuration, long flows)
    {
        var lan = new EgressInterface(1, "lan0", new(2), IPAddress.Parse("192.0.2.2"), 1500);
        var hops = configuration.Pools[0].Servers.ToDictionary(static s => s.VrfAddress, _ => new NextHop(lan, new(3)));
        var tables = TableCompiler.Compile(
            configuration, new NextHops([lan], hops, new Dictionary<VrfAddress, string>()), null, Now);
        return new RunningState(
            new RunningGroups(tables.HashKey, tables.Groups),
            [.. tables.Services.Zip(EffectivePorts.Of(tables))
            .Select(static s => new RunningService(s.First.Key, s.First.Group, s.Second))],
            new FlowCounts(tables.Groups
                .SelectMany(static g => g.Servers.Select(s => new ServerKey(g.Key, s.Name, s.VrfAddress)))
                .ToDictionary(static s => s, _ => flows)),
            new HashSet<VrfAddress>());
    }
}
