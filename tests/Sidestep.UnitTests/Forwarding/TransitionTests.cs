using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>What changes leave under way, case by case. Flows may be silent for an hour.</summary>
public sealed class TransitionTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly FlowCounts None = new(new Dictionary<ServerKey, long>());

    [Fact]
    public void The_first_tables_and_unchanged_ones_have_nothing_under_way()
    {
        var first = Compile(Pool(1, 2), null, Start);
        Assert.Null(first.Groups[0].Transition);
        Assert.Null(first.Wake);
        Assert.Null(Compile(Pool(1, 2), first, Start).Groups[0].Transition);
    }

    [Fact]
    public void A_slot_that_gets_another_server_comes_from_the_one_that_it_had_until_the_window_ends()
    {
        var first = Compile(Pool(1, 2), null, Start);
        var second = Compile(Pool(1, 2, 3), first, Start);
        var (before, after) = (first.Groups[0].Slots.Addresses(), second.Groups[0].Slots.Addresses());
        var transition = second.Groups[0].Transition!;
        for (var slot = 0; slot < before.Count; slot++)
            Assert.Equal(before[slot].Equals(after[slot]) ? null : before[slot], FormerOf(second, slot));
        Assert.Equal((Start + Hour, Start + Hour), (transition.WindowEnds, second.Wake));

        var closed = Compile(Pool(1, 2, 3), second, Start + Hour);
        Assert.Equal(transition.Former.Select(static f => f >= 0 ? Transition.Remembered : f), closed.Groups[0].Transition!.Former);
        Assert.Equal(Start + 2 * Hour, closed.Wake);
        Assert.Null(Compile(Pool(1, 2, 3), closed, Start + 2 * Hour, None).Groups[0].Transition);
    }

    [Fact]
    public void Slots_settle_when_only_their_own_server_has_remembered_flows()
    {
        var closed = Compile(Pool(1, 2), Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start), Start + Hour);
        var flows = new FlowCounts(new Dictionary<ServerKey, long> { [new(closed.Groups[0].Key, "s2", Tables.Address(2))] = 5 });
        // Every slot under way is of server 2, which is the only one that has flows.
        Assert.Null(Compile(Pool(1, 2), closed, Start + 2 * Hour, flows).Groups[0].Transition);

        flows = new FlowCounts(new Dictionary<ServerKey, long> { [new(closed.Groups[0].Key, "s1", Tables.Address(1))] = 1 });
        var waiting = Compile(Pool(1, 2), closed, Start + 2 * Hour, flows);
        Assert.Equal(closed.Groups[0].Transition!.Former, waiting.Groups[0].Transition!.Former);
        Assert.Equal(Start + 2 * Hour + TimeSpan.FromMinutes(1), waiting.Wake);
    }

    [Fact]
    public void Flows_are_counted_only_when_that_may_end_something()
    {
        static FlowCounts Never() => throw new InvalidOperationException("counted");
        var second = TableCompiler.Compile(Configuration(Pool(1, 2, 3)), Hops(), Compile(Pool(1, 2), null, Start), Start, Never);
        var closed = TableCompiler.Compile(Configuration(Pool(1, 2, 3)), Hops(), second, Start + Hour, Never);
        Assert.NotNull(TableCompiler.Compile(Configuration(Pool(1, 2, 3)), Hops(), closed, Start + 1.9 * Hour, Never).Groups[0].Transition);
    }

    [Fact]
    public void The_former_server_of_a_slot_stays_while_the_slot_moves_on()
    {
        var second = Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start);
        var third = Compile(Pool(2), Compile(Draining(Pool(1, 2), 2), second, Start), Start);
        // 1 -> 2 -> 1: back where it was, 2 has remembered flows.
        var back = Compile(Draining(Pool(1, 2), 2), second, Start + 0.5 * Hour).Groups[0];
        Assert.All(back.Slots.Slots, (_, slot) => Assert.Equal(
            second.Groups[0].Transition!.Former[slot] >= 0 ? Transition.Remembered : Transition.Settled, back.Transition!.Former[slot]));
        Assert.DoesNotContain(third.Groups[0].Transition!.Former, static f => f >= 0 && f != 0);
    }

    [Fact]
    public void A_new_change_begins_the_window_anew()
    {
        var second = Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start);
        var third = Compile(Pool(1, 2, 3), second, Start + 0.5 * Hour);
        Assert.Equal(Start + 1.5 * Hour, third.Groups[0].Transition!.WindowEnds);
        // The failure of the newest does not: its slots go back to where they were, and nobody new has a claim.
        Assert.Equal(Start + Hour, Compile(Pool(1), second, Start + 0.5 * Hour).Groups[0].Transition!.WindowEnds);
    }

    [Fact]
    public void A_server_that_is_gone_leaves_nothing_behind()
    {
        var first = Compile(Pool(1, 2), null, Start);
        Assert.Null(Compile(Pool(1), first, Start).Groups[0].Transition);
        Assert.Null(Compile(With(Pool(1, 2), 2, static s => s with { State = ServerState.Disabled }), first, Start).Groups[0].Transition);
        Assert.Null(Compile(Pool(1, 2), first, Start, resolved: 1).Groups[0].Transition);
        // Where it was a former server, flows that are remembered meanwhile are still looked up.
        var second = Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start);
        var states = Compile(Pool(2), second, Start).Groups[0].Transition!.Former;
        Assert.Equal(second.Groups[0].Transition!.Former.Select(static f => f >= 0 ? Transition.Remembered : Transition.Settled), states);
    }

    [Fact]
    public void Another_name_is_another_server()
    {
        var renamed = With(Pool(1, 2), 2, static s => s with { Name = "other" });
        var tables = Compile(renamed, Compile(Pool(1, 2), null, Start), Start);
        Assert.Null(tables.Groups[0].Transition);
    }

    [Theory]
    [InlineData(AfterDrain.Leave, FlowState.Keep)]
    [InlineData(AfterDrain.Resteer, FlowState.Move)]
    [InlineData(AfterDrain.Reset, FlowState.Reset)]
    public void A_drain_that_is_over_ends_as_the_pool_says(AfterDrain then, FlowState flows)
    {
        var draining = Draining(Pool(1, 2), 2) with { Drain = new Drain(600, then) };
        var begun = Compile(draining, Compile(Pool(1, 2), null, Start), Start);
        Assert.Equal((FlowState.Keep, Start, 0), (begun.Groups[0].Servers[1].Flows, begun.Groups[0].Servers[1].DrainingSince, begun.Groups[0].Servers[1].Weight));
        Assert.Contains(1, begun.Groups[0].Transition!.Former);
        Assert.Equal(Start + TimeSpan.FromSeconds(600), begun.Wake);

        var over = Compile(draining, begun, Start + TimeSpan.FromSeconds(600));
        Assert.Equal(flows, over.Groups[0].Servers[1].Flows);
        Assert.Equal(then == AfterDrain.Reset, over.Groups[0].Transition!.Former.Contains(1));
        Assert.Contains(then == AfterDrain.Reset ? 1 : Transition.Remembered, over.Groups[0].Transition!.Former);
        Assert.Equal(Start, over.Groups[0].Servers[1].DrainingSince);
    }

    [Fact]
    public void A_server_that_drains_no_more_takes_its_slots_back()
    {
        var draining = Compile(Draining(Pool(1, 2), 2), Compile(Pool(1, 2), null, Start), Start);
        var back = Compile(Pool(1, 2), draining, Start);
        Assert.Null(back.Groups[0].Servers[1].DrainingSince);
        Assert.All(back.Groups[0].Transition!.Former, static f => Assert.True(f < 0));
    }

    [Fact]
    public void With_everybody_draining_flows_stay_and_the_VIP_answers_but_nobody_takes_new_ones()
    {
        var tables = Compile(Draining(Draining(Pool(1, 2), 1), 2), Compile(Pool(1, 2), null, Start), Start);
        Assert.Empty(tables.Groups[0].Slots.Members);
        Assert.All(tables.Groups[0].Slots.Slots, static s => Assert.Equal(SlotTable.Nobody, s));
        Assert.All(tables.Groups[0].Transition!.Former, static f => Assert.InRange(f, 0, 1));
        Assert.True(tables.Vips[0].AnswersArp);
        // One comes back: its own slots are its own again, the others still come from the other.
        var one = Compile(Draining(Pool(1, 2), 1), tables, Start);
        Assert.Contains(0, one.Groups[0].Transition!.Former);
        Assert.DoesNotContain(1, one.Groups[0].Transition!.Former);
    }

    [Fact]
    public void Another_number_of_slots_or_another_key_leaves_only_what_is_remembered()
    {
        var first = Compile(Pool(1, 2), null, Start);
        foreach (var next in new[]
        {
            Compile(Pool(1, 2) with { Slots = 4093 }, first, Start),
            TableCompiler.Compile(Configuration(Pool(1, 2), 8), Hops(), first, Start),
        })
        {
            Assert.All(next.Groups[0].Transition!.Former, static f => Assert.Equal(Transition.Remembered, f));
            Assert.Equal(Start, next.Groups[0].Transition!.WindowEnds);
        }
    }

    [Fact]
    public void Where_every_flow_is_remembered_slots_have_no_transition()
    {
        var first = Compile(Pool(1, 2) with { Algorithm = Algorithm.RoundRobin }, null, Start);
        var second = Compile(Pool(1, 2, 3) with { Algorithm = Algorithm.RoundRobin }, first, Start);
        Assert.Null(second.Groups[0].Transition);
        // On the way to an algorithm without memory, what is remembered stays.
        Assert.All(Compile(Pool(1, 2, 3), second, Start).Groups[0].Transition!.Former, static f => Assert.Equal(Transition.Remembered, f));
    }

    [Fact]
    public void A_pool_that_is_reached_in_another_way_comes_from_the_same_servers()
    {
        var first = Compile(Pool(1, 2), null, Start);
        var configuration = Configuration(Pool(1, 2, 3));
        var second = TableCompiler.Compile(
            configuration with { NetworkProfiles = [new NetworkProfile { Name = "p", Encapsulation = Encapsulation.Gre }] }, Hops(), first, Start);
        Assert.Equal("web/gre", second.Groups[0].Key.ToString());
        Assert.Contains(0, second.Groups[0].Transition!.Former);
    }

    [Fact]
    public void The_window_is_the_longest_idle_timeout_of_the_services()
    {
        var configuration = Configuration(Pool(1, 2)) with
        {
            NetworkProfiles = [new NetworkProfile { Name = "p", IdleTimeouts = new IdleTimeouts(1000, 2000, 3000) }],
        };
        foreach (var (protocol, seconds) in new[] { (TransportProtocol.Tcp, 1000), (TransportProtocol.Udp, 2000), (TransportProtocol.Any, 3000) })
        {
            var before = configuration with { VirtualServices = [configuration.VirtualServices[0] with { Protocol = protocol, Ports = [PortRange.Any] }] };
            var after = before with { Pools = [Pool(1, 2, 3)] };
            var tables = TableCompiler.Compile(after, Hops(), TableCompiler.Compile(before, Hops(), null, Start), Start);
            Assert.Equal(Start + TimeSpan.FromSeconds(seconds), tables.Groups[0].Transition!.WindowEnds);
        }
    }

    /// <summary>Address of the former server of a slot; null when there is none.</summary>
    private static IPAddress? FormerOf(ForwardingTables tables, int slot) =>
        tables.Groups[0].Transition!.Former[slot] is >= 0 and var server ? tables.Groups[0].Servers[server].Address : null;

    private static ForwardingTables Compile(Pool pool, ForwardingTables? previous, DateTimeOffset now, FlowCounts? flows = null, int resolved = 9) =>
        TableCompiler.Compile(Configuration(pool), Hops(resolved), previous, now, flows is null ? null : () => flows);

    private static Pool Pool(params int[] servers) => new()
    {
        Name = "web",
        Slots = 1021,
        Servers = [.. servers.Select(static i => new RealServer { Name = $"s{i}", Address = Tables.Address(i) })],
    };

    private static Pool Draining(Pool pool, int server) => With(pool, server, static s => s with { State = ServerState.Draining });

    private static Pool With(Pool pool, int server, Func<RealServer, RealServer> change) => pool with
    {
        Servers = [.. pool.Servers.Select(s => s.Address.Equals(Tables.Address(server)) ? change(s) : s)],
    };

    private static Configuration Configuration(Pool pool, ulong key = 7) => new()
    {
        Director = new DirectorSettings { Interfaces = [new("lan0", Driver.Auto)], HashKey = new HashKey(key, 9) },
        NetworkProfiles = [new NetworkProfile { Name = "p" }],
        Pools = [pool],
        VirtualServices =
        [
            new VirtualService
            {
                Name = "web", Vips = [IPNetwork.Parse("198.51.100.10/32")], Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(80)],
                Pool = "web", NetworkProfile = "p",
            },
        ],
    };

    private static NextHops Hops(int servers = 9)
    {
        var lan = new EgressInterface(1, "lan0", new(2), IPAddress.Parse("192.0.2.2"), 1500);
        return new([lan], Enumerable.Range(1, servers).ToDictionary(Tables.Address, _ => new NextHop(lan, new(3))), ImmutableDictionary<IPAddress, string>.Empty);
    }
}
