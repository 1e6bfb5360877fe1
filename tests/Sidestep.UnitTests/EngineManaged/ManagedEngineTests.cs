using Sidestep.Api.Status;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.UnitTests.EngineManaged;

/// <summary>The managed engine without interfaces: tables, counters, status, replay and limits.</summary>
public sealed class ManagedEngineTests
{
    private static readonly GroupKey GroupOfDns = new(
        PoolKey.InDefault("p"), Encap.Layer2, ServiceKey.InDefault("dns"));

    [Fact]
    public void Frame_passes_until_tables_are_applied()
    {
        using var engine = new ManagedEngine(64);
        var frame = TestTables.Datagram();
        var result = engine.Trace(frame, TestTables.InterfaceIndex);
        Assert.Equal(XdpAction.Pass, result.Action);
        Assert.Equal(frame, result.Frame.ToArray());
        Assert.Null(engine.Tables);
        Assert.Null(engine.ReadRunning());
        var status = ManagedStatus.Of(engine, "edge1", default);
        Assert.Equal((0, null), (status.Revision, status.AppliedAt));
        Assert.Empty(status.Services);
        Assert.Null(ManagedStatus.StateOf(engine));
        Assert.Equal(0, engine.Revision);
    }

    [Fact]
    public void Forwarded_frame_is_rewritten_and_counted_for_service_and_server()
    {
        using var engine = EngineWith(
            TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("dns", "p")]));
        var frame = TestTables.Datagram();
        var result = engine.Trace(frame, TestTables.InterfaceIndex);
        Assert.Equal(XdpAction.Transmit, result.Action);
        byte[] macs = [2, 0, 0, 0, 0, 0x10, 2, 0, 0, 0, 0, 2];
        Assert.Equal([.. macs, .. frame[12..]], result.Frame.ToArray());
        var counters = engine.ReadCounters();
        Assert.Equal(new Counter(1, 60), counters.Services[ServiceKey.InDefault("dns")]);
        Assert.Equal(new Counter(1, 60), counters.Servers[(GroupOfDns, "s1")]);
        Assert.All(counters.Drops, static d => Assert.Equal(default, d.Value));
        Assert.Equal(Enum.GetValues<DropReason>(), counters.Drops.Keys.Order());
    }

    [Fact]
    public void Dropped_frame_is_counted_by_reason()
    {
        using var engine = EngineWith(
            TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("dns", "p")]));
        Assert.Equal(XdpAction.Drop, engine.Trace(TestTables.Datagram(port: 54), TestTables.InterfaceIndex).Action);
        Assert.Equal(new Counter(1, 60), engine.ReadCounters().Drops[DropReason.NoService]);
        Assert.Equal(default, engine.ReadCounters().Services[ServiceKey.InDefault("dns")]);
    }

    [Fact]
    public void New_service_starts_with_zero_counters_although_its_ID_is_reused()
    {
        using var engine = EngineWith(
            TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("old", "p")]));
        engine.Trace(TestTables.Datagram(), TestTables.InterfaceIndex);
        // So many others that every free ID is used before that of the old one.
        for (var i = 0; i < 3; i++)
        {
            var services = Enumerable.Range(0, 16_384).Select(n => TestTables.Service($"v{i}-{n}", "p", 1 + n));
            engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], services));
            Assert.All(engine.ReadCounters().Services, static s => Assert.Equal(default, s.Value));
        }
        Assert.Equal(4, engine.Revision);
    }

    [Theory]
    [InlineData(Decision.Pass, 1, XdpAction.Pass)]
    [InlineData(Decision.DeliverLocally, 1, XdpAction.Pass)]
    [InlineData(Decision.Drop, 1, XdpAction.Drop)]
    [InlineData(Decision.Punted, 2, XdpAction.Drop)]
    [InlineData(Decision.Forward, 1, XdpAction.Transmit)]
    [InlineData(Decision.Forward, 2, XdpAction.Redirect)]
    [InlineData(Decision.ArpReply, 1, XdpAction.Transmit)]
    [InlineData(Decision.EchoReply, 1, XdpAction.Transmit)]
    [InlineData(Decision.NeighbourAdvertisement, 1, XdpAction.Transmit)]
    [InlineData(Decision.IcmpTooBig, 1, XdpAction.Transmit)]
    [InlineData(Decision.TcpReset, 1, XdpAction.Transmit)]
    [InlineData(Decision.IcmpUnreachable, 1, XdpAction.Transmit)]
    public void Decision_has_its_XDP_verdict(Decision decision, int egress, XdpAction action) =>
        Assert.Equal(action, ManagedEngine.ActionOf(decision, egress, 1));

    [Fact]
    public void Frame_longer_than_the_buffer_is_rejected()
    {
        using var replay = new ManagedReplay(64, isVirtual: true);
        replay.Engine.Apply(TestTables.Compile([], []));
        Assert.Throws<EngineException>(() => replay.Run(new byte[ManagedEngine.LongestFrame + 1], 1, 0).IsSent);
    }

    [Fact]
    public void Engine_without_interfaces_cannot_attach()
    {
        using var engine = new ManagedEngine(64);
        Assert.Throws<InvalidOperationException>(() => engine.Attach([]));
        Assert.Empty(engine.Attached);
        Assert.Empty(engine.Workers);
        Assert.Empty(engine.Notes);
    }

    [Theory]
    [InlineData(Algorithm.LeastConnections, true)]
    [InlineData(Algorithm.WeightedLeastConnections, true)]
    [InlineData(Algorithm.RoundRobin, false)]
    [InlineData(Algorithm.ConsistentHash, false)]
    public void Least_connections_needs_periodic_counts(Algorithm algorithm, bool uses)
    {
        using var engine = EngineWith(TestTables.Compile(
            [TestTables.Pool("p", "s1") with { Algorithm = algorithm }], [TestTables.Service("dns", "p")]));
        Assert.Equal(uses, engine.UsesLeastConnections);
    }

    [Fact]
    public void Flow_of_another_engine_is_tracked_if_its_service_and_server_exist()
    {
        using var engine = EngineWith(TestTables.Compile(
            [TestTables.Pool("p", "s1", "s2") with { Algorithm = Algorithm.RoundRobin }],
            [TestTables.Service("dns", "p")]));
        var group = GroupOfDns;
        var flow = new Flow(TestTables.Address(TestTables.FirstClient), TestTables.Address(TestTables.Vip), 17, 40000,
            53);
        var tracked = new TrackedFlow(ServiceKey.InDefault("dns"), flow,
            new ServerKey(group, "s2", VrfAddress.InDefault(TestTables.AddressOf("s2"))), TimeSpan.FromSeconds(2),
            TimeSpan.Zero);
        engine.Track(tracked with { Service = ServiceKey.InDefault("other") });
        engine.Track(tracked with
        {
            Server = new ServerKey(group, "s3", VrfAddress.InDefault(TestTables.AddressOf("s3"))),
        });
        Assert.Empty(engine.ReadFlows().ByServer);
        engine.Track(tracked);
        Assert.Equal(1, engine.ReadFlows().ByServer[tracked.Server]);
        var visited = new List<TrackedFlow>();
        engine.VisitFlows(visited.Add);
        Assert.Equal((ServiceKey.InDefault("dns"), flow, tracked.Server),
            (visited.Single().Service, visited.Single().Flow, visited.Single().Server));
        Assert.InRange(visited.Single().Idle, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(10));
        // A packet of the flow goes to the server that the other engine had chosen.
        engine.Trace(TestTables.Datagram(), TestTables.InterfaceIndex);
        Assert.Equal(1UL, engine.ReadCounters().Servers[(group, "s2")].Packets);
    }

    [Fact]
    public void Status_describes_services_groups_and_counters()
    {
        var time = DateTimeOffset.UnixEpoch + TimeSpan.FromHours(1);
        var pool = TestTables.Pool("p", "s1", "s2", "s3");
        pool = pool with
        {
            Servers =
            [pool.Servers[0], pool.Servers[1] with { State = ServerState.Disabled },
            pool.Servers[2] with { Weight = 3 }]
        };
        using var engine = EngineWith(TestTables.Compile([pool, TestTables.Pool("empty")],
            [TestTables.Service("dns", "p"), TestTables.Service("api", "empty", 99)]));
        engine.Trace(TestTables.Datagram(), TestTables.InterfaceIndex);
        var status = ManagedStatus.Of(engine, "edge1", time);
        Assert.Equal((engine.Revision, time, false), (status.Revision, status.AppliedAt, status.IsAttached));
        Assert.Equal(["api", "dns"], status.Services.Select(static s => s.Name));
        Assert.Equal([false, true], status.Services.Select(static s => s.HasServers));
        Assert.Equal(["203.0.113.1 udp 53"], status.Services[1].Matches);
        Assert.Equal((1UL, 60UL), (status.Services[1].Packets, status.Services[1].Bytes));
        Assert.Equal(["empty/l2", "p/l2"], status.Pools.Select(static p => $"{p.Name}/{p.Encap}"));
        var servers = status.Pools[1].Servers;
        Assert.Equal(["s1", "s2", "s3"], servers.Select(static s => s.Name));
        Assert.Equal([ServerCondition.Serving, ServerCondition.Disabled, ServerCondition.Serving],
            servers.Select(static s => s.State));
        // 1021 slots by weights 1 and 3: 255.25 and 765.75.
        Assert.Equal([255, 0, 766], servers.Select(static s => s.Slots));
        Assert.Equal(1UL, servers.Aggregate(0UL, static (sum, s) => sum + s.Packets));
    }

    [Fact]
    public void State_for_a_plan_names_unreachable_servers_and_matched_packets()
    {
        using var engine = EngineWith(
            TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("dns", "p")]));
        var state = ManagedStatus.StateOf(engine)!;
        Assert.Empty(state.Unreachable);
        Assert.Equal((ServiceKey.InDefault("dns"), GroupOfDns),
            (state.Services.Single().Key, state.Services.Single().Group));
        var ports = state.Services.Single().Matches.Single();
        Assert.Equal((17 << 16 | 53, 17 << 16 | 53), (ports.First, ports.Last));
        Assert.Same(engine.Tables!.Origin.Groups[0], state.Groups.Groups.Single());
    }

    [Fact]
    public void Server_that_is_this_machine_is_rejected_by_name()
    {
        var tables = TestTables.Compile(
            [TestTables.Pool("p", "s1", "s2")], [TestTables.Service("dns", "p")], isLocal: true);
        var error = Assert.Throws<EngineException>(() => DriverCapabilities.Check(tables));
        Assert.StartsWith("the managed engine cannot use s1, s2, which is this machine itself", error.Message,
            StringComparison.Ordinal);
        DriverCapabilities.Check(TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("dns", "p")]));
    }

    [Fact]
    public void Rejected_tables_leave_the_previous_ones_in_force()
    {
        var first = TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("dns", "p")]);
        using var engine = EngineWith(first);
        var tooMany = Enumerable.Range(0, 16_385).Select(static n => TestTables.Service($"v{n}", "p", 1 + n));
        Assert.Throws<EngineException>(() => engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], tooMany)));
        Assert.Same(first, engine.Tables!.Origin);
        Assert.Equal(1, engine.Revision);
        Assert.Equal([ServiceKey.InDefault("dns")], engine.ReadCounters().Services.Keys);
    }

    [Fact]
    public void Replay_expires_flows_in_the_time_of_the_capture()
    {
        using var replay = new ManagedReplay(64, isVirtual: true);
        replay.Engine.Apply(TestTables.Compile(
            [TestTables.Pool("p", "s1", "s2") with { Algorithm = Algorithm.RoundRobin }],
            [TestTables.Service("dns", "p")]));
        string ServerAt(double seconds) =>
            replay.Run(TestTables.Datagram(), TestTables.InterfaceIndex, (long)(seconds * 1e9)).Server!.Value.Name;
        var timeout = IdleTimeouts.Default.Udp;
        Assert.Equal("s1", ServerAt(1000));
        Assert.Equal("s1", ServerAt(1000 + timeout - 1)); // still tracked
        Assert.Equal("s1", ServerAt(900)); // an earlier time does not turn the clock back
        Assert.Equal("s2", ServerAt(1000 + 2 * timeout)); // expired: round robin chooses the next server
    }

    [Fact]
    public void Replay_reports_what_it_decided()
    {
        using var replay = new ManagedReplay(64, isVirtual: true);
        replay.Engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("dns", "p")]));
        var forwarded = replay.Run(TestTables.Datagram(), TestTables.InterfaceIndex, 0);
        Assert.Equal((Decision.Forward, "dns", "s1", TestTables.InterfaceIndex, true),
            (forwarded.Decision, forwarded.Service, forwarded.Server?.Name, forwarded.Egress, forwarded.IsSent));
        Assert.InRange(forwarded.Slot, 0, 1020);
        Assert.True(replay.IsForVip);
        var dropped = replay.Run(TestTables.Datagram(port: 1), TestTables.InterfaceIndex, 0);
        Assert.Equal((Decision.Drop, DropReason.NoService, null, null, -1, false),
            (dropped.Decision, dropped.Reason, dropped.Service, dropped.Server, dropped.Slot, dropped.IsSent));
        replay.Run(TestTables.Datagram(vip: 0xcb00_7102), TestTables.InterfaceIndex, 0);
        Assert.False(replay.IsForVip);
    }

    private static ManagedEngine EngineWith(ForwardingTables tables)
    {
        var engine = new ManagedEngine(64);
        engine.Apply(tables);
        return engine;
    }
}
