using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Transitions that changes start, case by case. The idle timeout is one hour.</summary>
public sealed class TransitionTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly FlowCounts None = new(new Dictionary<ServerKey, long>());

    [Fact]
    public void First_and_unchanged_tables_have_no_transition()
    {
        var first = Compile(Pool(1, 2), null, Start);
        Assert.Null(first.Groups[0].Transition);
        Assert.Null(first.RecompileAt);
        Assert.Null(Compile(Pool(1, 2), first, Start).Groups[0].Transition);
    }

    [Fact]
    public void Reassigned_slot_keeps_its_previous_server_until_the_migration_window_ends()
    {
        var first = Compile(Pool(1, 2), null, Start);
        var second = Compile(Pool(1, 2, 3), first, Start);
        var (before, after) = (first.Groups[0].Slots.Addresses(), second.Groups[0].Slots.Addresses());
        var transition = second.Groups[0].Transition!;
        for (var slot = 0; slot < before.Count; slot++)
            Assert.Equal(before[slot].Equals(after[slot]) ? null : before[slot], PreviousOf(second, slot));
        Assert.Equal((Start + Hour, Start + Hour), (transition.MigrationWindowEnds, second.RecompileAt));

        var closed = Compile(Pool(1, 2, 3), second, Start + Hour);
        Assert.Equal(transition.PreviousServers.Select(static f => f >= 0 ? Transition.Tracked : f),
            closed.Groups[0].Transition!.PreviousServers);
        Assert.Equal(Start + 2 * Hour, closed.RecompileAt);
        Assert.Null(Compile(Pool(1, 2, 3), closed, Start + 2 * Hour, None).Groups[0].Transition);
    }

    [Fact]
    public void Slots_become_stable_when_only_their_own_server_has_tracked_flows()
    {
        var closed = Compile(Pool(1, 2), Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start), Start + Hour);
        var flows = new FlowCounts(
            new Dictionary<ServerKey, long> { [new(closed.Groups[0].Key, "s2", TestPools.VrfAddressOf(2))] = 5 });
        // Every slot in transition belongs to server 2, the only one with flows.
        Assert.Null(Compile(Pool(1, 2), closed, Start + 2 * Hour, flows).Groups[0].Transition);

        flows = new FlowCounts(
            new Dictionary<ServerKey, long> { [new(closed.Groups[0].Key, "s1", TestPools.VrfAddressOf(1))] = 1 });
        var waiting = Compile(Pool(1, 2), closed, Start + 2 * Hour, flows);
        Assert.Equal(closed.Groups[0].Transition!.PreviousServers, waiting.Groups[0].Transition!.PreviousServers);
        Assert.Equal(Start + 2 * Hour + TimeSpan.FromMinutes(1), waiting.RecompileAt);
    }

    [Fact]
    public void Flows_are_counted_only_when_the_count_may_end_a_transition()
    {
        static FlowCounts Never() => throw new InvalidOperationException("counted");
        var second = TableCompiler.Compile(
            Configuration(Pool(1, 2, 3)), NextHopsOf(), Compile(Pool(1, 2), null, Start), Start, Never);
        var closed = TableCompiler.Compile(Configuration(Pool(1, 2, 3)), NextHopsOf(), second, Start + Hour, Never);
        Assert.NotNull(
            TableCompiler.Compile(Configuration(Pool(1, 2, 3)), NextHopsOf(), closed, Start + 1.9 * Hour,
            Never).Groups[0].Transition);
    }

    [Fact]
    public void Previous_server_of_a_slot_stays_while_the_slot_moves_on()
    {
        var second = Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start);
        var third = Compile(Pool(2), Compile(Draining(Pool(1, 2), 2), second, Start), Start);
        // 1 -> 2 -> 1: the slot is back at its server, and server 2 has tracked flows.
        var back = Compile(Draining(Pool(1, 2), 2), second, Start + 0.5 * Hour).Groups[0];
        Assert.All(back.Slots.Slots, (_, slot) => Assert.Equal(
            second.Groups[0].Transition!.PreviousServers[slot] >= 0 ? Transition.Tracked : Transition.Stable,
            back.Transition!.PreviousServers[slot]));
        Assert.DoesNotContain(third.Groups[0].Transition!.PreviousServers, static f => f >= 0 && f != 0);
    }

    [Fact]
    public void New_change_restarts_the_migration_window()
    {
        var second = Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start);
        var third = Compile(Pool(1, 2, 3), second, Start + 0.5 * Hour);
        Assert.Equal(Start + 1.5 * Hour, third.Groups[0].Transition!.MigrationWindowEnds);
        // The failure of the newest server does not restart it: its slots return to the servers that they had.
        Assert.Equal(
            Start + Hour, Compile(Pool(1), second, Start + 0.5 * Hour).Groups[0].Transition!.MigrationWindowEnds);
    }

    [Fact]
    public void Removed_server_leaves_no_transition()
    {
        var first = Compile(Pool(1, 2), null, Start);
        Assert.Null(Compile(Pool(1), first, Start).Groups[0].Transition);
        Assert.Null(
            Compile(With(Pool(1, 2), 2, static s => s with { State = ServerState.Disabled }), first,
            Start).Groups[0].Transition);
        Assert.Null(Compile(Pool(1, 2), first, Start, resolved: 1).Groups[0].Transition);
        // Where it was a previous server, flows that have been tracked since are still looked up.
        var second = Compile(Pool(1, 2), Compile(Pool(1), null, Start), Start);
        var states = Compile(Pool(2), second, Start).Groups[0].Transition!.PreviousServers;
        Assert.Equal(second.Groups[0].Transition!.PreviousServers
            .Select(static f => f >= 0 ? Transition.Tracked : Transition.Stable), states);
    }

    [Fact]
    public void Renamed_server_is_another_server()
    {
        var renamed = With(Pool(1, 2), 2, static s => s with { Name = "other" });
        var tables = Compile(renamed, Compile(Pool(1, 2), null, Start), Start);
        Assert.Null(tables.Groups[0].Transition);
    }

    [Theory]
    [InlineData(DrainDeadlineAction.Keep, FlowState.Keep)]
    [InlineData(DrainDeadlineAction.Rehash, FlowState.Move)]
    [InlineData(DrainDeadlineAction.Reset, FlowState.Reset)]
    public void Expired_drain_follows_the_onDeadline_setting_of_the_pool(DrainDeadlineAction then, FlowState flows)
    {
        var draining = Draining(Pool(1, 2), 2) with { Drain = new Drain(600, then) };
        var started = Compile(draining, Compile(Pool(1, 2), null, Start), Start);
        Assert.Equal((FlowState.Keep, Start, 0),
            (started.Groups[0].Servers[1].Flows, started.Groups[0].Servers[1].DrainingSince,
            started.Groups[0].Servers[1].Weight));
        Assert.Contains(1, started.Groups[0].Transition!.PreviousServers);
        Assert.Equal(Start + TimeSpan.FromSeconds(600), started.RecompileAt);

        var over = Compile(draining, started, Start + TimeSpan.FromSeconds(600));
        Assert.Equal(flows, over.Groups[0].Servers[1].Flows);
        Assert.Equal(then == DrainDeadlineAction.Reset, over.Groups[0].Transition!.PreviousServers.Contains(1));
        Assert.Contains(then == DrainDeadlineAction.Reset ? 1 : Transition.Tracked,
            over.Groups[0].Transition!.PreviousServers);
        Assert.Equal(Start, over.Groups[0].Servers[1].DrainingSince);
    }

    [Fact]
    public void Server_that_stops_draining_gets_its_slots_back()
    {
        var draining = Compile(Draining(Pool(1, 2), 2), Compile(Pool(1, 2), null, Start), Start);
        var back = Compile(Pool(1, 2), draining, Start);
        Assert.Null(back.Groups[0].Servers[1].DrainingSince);
        Assert.All(back.Groups[0].Transition!.PreviousServers, static f => Assert.True(f < 0));
    }

    [Fact]
    public void When_all_servers_drain_flows_stay_and_the_VIP_replies_but_new_flows_get_no_server()
    {
        var tables = Compile(Draining(Draining(Pool(1, 2), 1), 2), Compile(Pool(1, 2), null, Start), Start);
        Assert.Empty(tables.Groups[0].Slots.Members);
        Assert.All(tables.Groups[0].Slots.Slots, static s => Assert.Equal(SlotTable.NoMember, s));
        Assert.All(tables.Groups[0].Transition!.PreviousServers, static f => Assert.InRange(f, 0, 1));
        Assert.True(tables.Vips[0].RespondsToArp);
        // One server comes back: it gets its own slots again, the other slots still have the other server.
        var one = Compile(Draining(Pool(1, 2), 1), tables, Start);
        Assert.Contains(0, one.Groups[0].Transition!.PreviousServers);
        Assert.DoesNotContain(1, one.Groups[0].Transition!.PreviousServers);
    }

    [Fact]
    public void New_slot_count_or_hash_key_keeps_only_tracked_flows()
    {
        var first = Compile(Pool(1, 2), null, Start);
        foreach (var next in new[]
        {
            Compile(Pool(1, 2) with { Slots = 4093 }, first, Start),
            TableCompiler.Compile(Configuration(Pool(1, 2), 8), NextHopsOf(), first, Start),
        })
        {
            Assert.All(next.Groups[0].Transition!.PreviousServers, static f => Assert.Equal(Transition.Tracked, f));
            Assert.Equal(Start, next.Groups[0].Transition!.MigrationWindowEnds);
        }
    }

    [Fact]
    public void Algorithms_that_track_every_flow_have_no_slot_transition()
    {
        var first = Compile(Pool(1, 2) with { Algorithm = Algorithm.RoundRobin }, null, Start);
        var second = Compile(Pool(1, 2, 3) with { Algorithm = Algorithm.RoundRobin }, first, Start);
        Assert.Null(second.Groups[0].Transition);
        // After a change to an algorithm without a flow table, tracked flows stay.
        Assert.All(Compile(Pool(1, 2, 3), second, Start).Groups[0].Transition!.PreviousServers,
            static f => Assert.Equal(Transition.Tracked, f));
    }

    [Fact]
    public void Changed_encapsulation_keeps_the_previous_servers_of_the_slots()
    {
        var first = Compile(Pool(1, 2), null, Start);
        var configuration = Configuration(Pool(1, 2, 3));
        var second = TableCompiler.Compile(
            configuration with
            {
                NetworkProfiles =
            [new NetworkProfile { Name = "p", Encapsulation = Encapsulation.Gre }]
            }, NextHopsOf(), first, Start);
        Assert.Equal("web/gre", second.Groups[0].Key.ToString());
        Assert.Contains(0, second.Groups[0].Transition!.PreviousServers);
    }

    [Fact]
    public void Migration_window_is_the_longest_idle_timeout_of_the_services()
    {
        var configuration = Configuration(Pool(1, 2)) with
        {
            NetworkProfiles = [new NetworkProfile { Name = "p", IdleTimeouts = new IdleTimeouts(1000, 2000, 3000) }],
        };
        foreach (var (protocol, seconds) in new[] { (TransportProtocol.Tcp, 1000), (TransportProtocol.Udp, 2000),
            (TransportProtocol.Sctp, 1000), (TransportProtocol.Any, 3000) })
        {
            var before =
                configuration with
                {
                    VirtualServices =
                [configuration.VirtualServices[0] with { Protocol = protocol, Ports = [PortRange.Any] }]
                };
            var after = before with { Pools = [Pool(1, 2, 3)] };
            var tables = TableCompiler.Compile(
                after, NextHopsOf(), TableCompiler.Compile(before, NextHopsOf(), null, Start), Start);
            Assert.Equal(Start + TimeSpan.FromSeconds(seconds), tables.Groups[0].Transition!.MigrationWindowEnds);
        }
    }

    /// <summary>Address of the previous server of a slot; null when there is none.</summary>
    private static IPAddress? PreviousOf(ForwardingTables tables, int slot) =>
        tables.Groups[0].Transition!.PreviousServers[slot] is >= 0 and var server
            ? tables.Groups[0].Servers[server].Address : null;

    /// <summary>Live flows stay throughout: when the pool falls back to draining servers, when another server takes
    /// over, and at the deadline of the drain.</summary>
    [Fact]
    public void Draining_servers_get_new_flows_while_no_other_server_does()
    {
        static Pool Fallback(Pool pool) => pool with { FallbackToDraining = true };
        var serving = Compile(Fallback(Pool(1, 2)), null, Start);
        var drained = Compile(Fallback(Draining(Draining(Pool(1, 2), 1), 2)), serving, Start);
        Assert.Equal(serving.Groups[0].Slots.Addresses(), drained.Groups[0].Slots.Addresses());
        Assert.Null(drained.Groups[0].Transition);
        Assert.All(drained.Groups[0].Servers, static s => Assert.Equal(
            (1, FlowState.Keep, true), (s.Weight, s.Flows, s.DrainingSince is not null)));

        // Server 3 gets every new flow. The flows of the others stay until the migration window has tracked them.
        var replaced = Compile(Fallback(Draining(Draining(Pool(1, 2, 3), 1), 2)), drained, Start + Hour / 2);
        var group = replaced.Groups[0];
        Assert.Equal([0, 0, 1], group.Servers.Select(static s => s.Weight));
        Assert.All(group.Slots.Addresses(), static a => Assert.Equal(TestPools.Address(3), a));
        var before = drained.Groups[0].Slots.Addresses();
        for (var slot = 0; slot < before.Count; slot++)
            Assert.Equal(before[slot], PreviousOf(replaced, slot));

        // The deadline ends the fallback: an hour by default, after which tracked flows stay.
        var over = Compile(Fallback(Draining(Draining(Pool(1, 2), 1), 2)), drained, Start + Hour);
        Assert.Equal((Start + Hour, true), (drained.RecompileAt, over.Groups[0].CanServe));
        Assert.All(over.Groups[0].Servers, static s => Assert.Equal((0, FlowState.Keep), (s.Weight, s.Flows)));
        Assert.Empty(over.Groups[0].Slots.Members);
    }

    [Fact]
    public void Without_the_option_draining_servers_get_no_new_flows()
    {
        var drained = Compile(Draining(Draining(Pool(1, 2), 1), 2), Compile(Pool(1, 2), null, Start), Start);
        Assert.All(drained.Groups[0].Servers, static s => Assert.Equal((0, FlowState.Keep), (s.Weight, s.Flows)));
    }

    private static ForwardingTables Compile(
        Pool pool, ForwardingTables? previous, DateTimeOffset now, FlowCounts? flows = null, int resolved = 9) =>
        TableCompiler.Compile(Configuration(pool), NextHopsOf(resolved), previous, now,
            flows is null ? null : () => flows);

    private static Pool Pool(params int[] servers) => new()
    {
        Name = "web",
        Slots = 1021,
        Servers = [.. servers.Select(static i => new RealServer { Name = $"s{i}", Address = TestPools.Address(i) })],
    };

    private static Pool Draining(Pool pool, int server) =>
        With(pool, server, static s => s with { State = ServerState.Draining });

    private static Pool With(Pool pool, int server, Func<RealServer, RealServer> change) => pool with
    {
        Servers = [.. pool.Servers.Select(s => s.Address.Equals(TestPools.Address(server)) ? change(s) : s)],
    };

    private static Configuration Configuration(Pool pool, ulong key = 7) => new()
    {
        Node = new NodeSettings { Interfaces = [new("lan0", Driver.Auto)] },
        Group = new GroupSettings { HashKey = new HashKey(key, 9) },
        NetworkProfiles = [new NetworkProfile { Name = "p" }],
        Pools = [pool],
        VirtualServices =
        [
            new VirtualService
            {
                Name = "web", Vips = [IPNetwork.Parse("198.51.100.10/32")], Protocol = TransportProtocol.Tcp,
                    Ports = [PortRange.One(80)],
                Pool = "web", NetworkProfile = "p",
            },
        ],
    };

    private static NextHops NextHopsOf(int servers = 9)
    {
        var lan = new EgressInterface(1, "lan0", new(2), IPAddress.Parse("192.0.2.2"), 1500);
        return new(
            [lan], Enumerable.Range(1, servers).ToDictionary(TestPools.VrfAddressOf, _ => new NextHop(lan, new(3))),
            ImmutableDictionary<VrfAddress, string>.Empty);
    }
}
