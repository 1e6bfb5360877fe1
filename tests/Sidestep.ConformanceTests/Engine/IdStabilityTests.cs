using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Ids stay with their services and servers, and so do counters.</summary>
[Collection(SerialEngines.Name)]
public sealed class IdStabilityTests
{
    private const uint Vip = 0xcb00_7101;

    [Fact]
    public void Ids_stay_the_same_across_updates()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(
            TestTables.Compile([TestTables.Pool("p", "s1", "s2", "s3")],
                [TestTables.Service("b", "p"), TestTables.Service("c", "p", port: 54)]));
        var before = pinned.Running();

        // New names before, between and after the others; and one leaves.
        pinned.Engine.Apply(TestTables.Compile(
            [TestTables.Pool("a", "s9"), TestTables.Pool("p", 1021, ("s0", 1), ("s1", 5), ("s3", 1), ("s4", 1))],
            [TestTables.Service("a", "a", port: 1), TestTables.Service("b", "p", port: 99),
                TestTables.Service("bb", "p", port: 2), TestTables.Service("d", "a", port: 3)]));
        var after = pinned.Running();

        Assert.Equal(before.Services[ServiceKey.InDefault("b")], after.Services[ServiceKey.InDefault("b")]);
        Assert.All(["s1", "s3"], name => Assert.Equal(IdOf(before, name), IdOf(after, name)));
        Assert.Equal(after.Services.Count, after.Services.Values.Distinct().Count());
        Assert.Equal(after.Servers.Count, after.Servers.Values.Distinct().Count());
        // Released ids are not reused yet.
        Assert.DoesNotContain(before.Services[ServiceKey.InDefault("c")], after.Services.Values);
        Assert.DoesNotContain(IdOf(before, "s2"), after.Servers.Values);
    }

    /// <summary>Tracked flows name the ids, so the pool of an earlier version, or one that gets monitors, must not lose
    /// them.</summary>
    [Fact]
    public void Ids_stay_when_the_services_of_a_pool_get_groups_of_their_own()
    {
        using var pinned = new PinnedEngine();
        var pool = TestTables.Pool("p", "s1", "s2");
        pinned.Engine.Apply(TestTables.Compile([pool], [TestTables.Service("old", "p")]));
        var before = pinned.Running();

        ForwardingTables Own() => TestTables.Compile([pool with { Monitors = null }],
            [TestTables.Service("added", "p", port: 54), TestTables.Service("old", "p")]);
        pinned.Engine.Apply(Own());
        pinned.Reopen();
        var after = pinned.Running();
        Assert.Equal(["added", "old"], after.Slots.Keys.Select(static g => g.Service?.Name).Order());
        Assert.Equal(before.Servers.Values.Order(), after.Servers
            .Where(static s => s.Key.Group.Service?.Name == "old").Select(static s => s.Value).Order());
        Assert.Equal(4, after.Servers.Values.Distinct().Count());
        pinned.Engine.Apply(Own());
        Assert.Equal(after.Servers, pinned.Running().Servers);

        pinned.Engine.Apply(TestTables.Compile([pool], [TestTables.Service("old", "p")]));
        Assert.Equal(before.Servers, pinned.Running().Servers);
    }

    [Fact]
    public void Counters_start_at_zero_when_an_id_is_reused()
    {
        using var pinned = new PinnedEngine();
        var engine = pinned.Engine;
        engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("old", "p")]));
        for (var i = 0; i < 5; i++)
            Assert.Equal(
                XdpAction.Transmit, engine.Trace(TestTables.Datagram(Vip, 53), TestTables.InterfaceIndex).Action);
        var oldId = pinned.Running().Services[ServiceKey.InDefault("old")];
        Assert.Equal(5ul, engine.ReadCounters().Services[ServiceKey.InDefault("old")].Packets);
        Assert.Equal(5ul, engine.ReadCounters().Servers.Single().Value.Packets);

        engine.Apply(TestTables.Compile([], []));
        // As many as there are ids: one of them gets the released id.
        engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")],
            Enumerable.Range(1, Sidestep.Engine.Xdp.XdpEngine.Capabilities.MaxServices).Select(
                static i => TestTables.Service($"new{i}", "p", port: i))));
        Assert.Contains(oldId, pinned.Running().Services.Values);
        Assert.All(engine.ReadCounters().Services.Values, static c => Assert.Equal(default, c));
        Assert.All(engine.ReadCounters().Servers.Values, static c => Assert.Equal(default, c));
    }

    [Fact]
    public void Counters_of_unchanged_services_and_servers_continue()
    {
        using var pinned = new PinnedEngine();
        var engine = pinned.Engine;
        for (var i = 1; i <= 10; i++)
        {
            engine.Apply(
                TestTables.Compile([TestTables.Pool("p", "s1")],
                    [TestTables.Service($"other{i}", "p", port: i), TestTables.Service("stays", "p")]));
            engine.Trace(TestTables.Datagram(Vip, 53), TestTables.InterfaceIndex);
            Assert.Equal((ulong)i, engine.ReadCounters().Services[ServiceKey.InDefault("stays")].Packets);
            Assert.Equal((ulong)i, engine.ReadCounters().Servers.Single().Value.Packets);
        }
    }

    private static int IdOf(RunningTables running, string server) =>
        running.Servers.Single(s => s.Key.Name == server).Value;
}
