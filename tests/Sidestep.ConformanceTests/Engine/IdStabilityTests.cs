using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Numbers stay with what they were given to, and so do counters.</summary>
[Collection(SerialEngines.Name)]
public sealed class IdStabilityTests
{
    private const uint Vip = 0xcb00_7101;

    [Fact]
    public void Ids_stay_the_same_across_updates()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1", "s2", "s3")], [TestTables.Service("b", "p"), TestTables.Service("c", "p", port: 54)]));
        var before = pinned.Running();

        // Before, between and behind; and one goes.
        pinned.Engine.Apply(TestTables.Compile(
            [TestTables.Pool("a", "s9"), TestTables.Pool("p", 1021, ("s0", 1), ("s1", 5), ("s3", 1), ("s4", 1))],
            [TestTables.Service("a", "a", port: 1), TestTables.Service("b", "p", port: 99), TestTables.Service("bb", "p", port: 2), TestTables.Service("d", "a", port: 3)]));
        var after = pinned.Running();

        Assert.Equal(before.Services["b"], after.Services["b"]);
        Assert.All(["s1", "s3"], name => Assert.Equal(IdOf(before, name), IdOf(after, name)));
        Assert.Equal(after.Services.Count, after.Services.Values.Distinct().Count());
        Assert.Equal(after.Servers.Count, after.Servers.Values.Distinct().Count());
        // What went rests: nobody else has its number yet.
        Assert.DoesNotContain(before.Services["c"], after.Services.Values);
        Assert.DoesNotContain(IdOf(before, "s2"), after.Servers.Values);
    }

    [Fact]
    public void Released_ids_are_reused_last()
    {
        var ids = new IdAllocator<string>(1, 5, 5, new Dictionary<string, int> { ["old"] = 2 });
        Assert.Equal(["a"], ids.Allocate(["a", "old"], []));
        Assert.Equal([1, 2], [ids["a"], ids["old"]]);
        Assert.Equal([1, 2], ids.Release(["a", "old"]));
        string[] names = ["b", "c", "d", "e"];
        foreach (var name in names)
            ids.Allocate([name], []);
        Assert.Equal([3, 4, 1, 2], names.Select(n => ids[n]));
    }

    [Fact]
    public void Ids_of_departing_names_are_reused_when_ids_run_out()
    {
        var ids = new IdAllocator<string>(1, 4, 4, new Dictionary<string, int> { ["stays"] = 1, ["leaves"] = 2 });
        Assert.Equal(["x", "y"], ids.Allocate(["stays", "x", "y"], ["leaves"]));
        Assert.Equal(1, ids["stays"]);
        Assert.Equal([2, 3], new[] { ids["x"], ids["y"] }.Order());
    }

    [Fact]
    public void Counters_start_at_zero_when_an_id_is_reused()
    {
        using var pinned = new PinnedEngine();
        var engine = pinned.Engine;
        engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service("old", "p")]));
        for (var i = 0; i < 5; i++)
            Assert.Equal(XdpAction.Transmit, engine.Trace(TestTables.Datagram(Vip, 53), TestTables.InterfaceIndex).Action);
        var oldId = pinned.Running().Services["old"];
        Assert.Equal(5ul, engine.ReadCounters().Services["old"].Packets);
        Assert.Equal(5ul, engine.ReadCounters().Servers.Single().Value.Packets);

        engine.Apply(TestTables.Compile([], []));
        // As many as there are numbers: one of them gets the former one.
        engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")],
            Enumerable.Range(1, engine.Capabilities.MaxServices).Select(static i => TestTables.Service($"new{i}", "p", port: i))));
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
            engine.Apply(TestTables.Compile([TestTables.Pool("p", "s1")], [TestTables.Service($"other{i}", "p", port: i), TestTables.Service("stays", "p")]));
            engine.Trace(TestTables.Datagram(Vip, 53), TestTables.InterfaceIndex);
            Assert.Equal((ulong)i, engine.ReadCounters().Services["stays"].Packets);
            Assert.Equal((ulong)i, engine.ReadCounters().Servers.Single().Value.Packets);
        }
    }

    private static int IdOf(RunningTables running, string server) => running.Servers.Single(s => s.Key.Name == server).Value;
}
