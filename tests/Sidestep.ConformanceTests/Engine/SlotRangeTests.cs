using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Placement of slot tables.</summary>
[Collection(SerialEngines.Name)]
public sealed class SlotRangeTests
{
    [Fact]
    public void Unchanged_slot_tables_stay_in_place()
    {
        using var pinned = new PinnedEngine();
        VirtualService[] services = [TestTables.Service("x", "x", port: 1), TestTables.Service("y", "y", port: 2)];
        pinned.Engine.Apply(
            TestTables.Compile([TestTables.Pool("x", "s1", "s2"), TestTables.Pool("y", "s1", "s2")], services));
        var before = pinned.Running().Slots;

        pinned.Engine.Apply(
            TestTables.Compile([TestTables.Pool("x", "s1", "s2"), TestTables.Pool("y", "s1", "s2", "s3")], services));
        var after = pinned.Running().Slots;
        Assert.Equal(before[Key("x")], after[Key("x")]);
        Assert.NotEqual(before[Key("y")], after[Key("y")]);

        // A new Ethernet address does not change the slot table.
        pinned.Engine.Apply(
            TestTables.Compile([TestTables.Pool("x", "s1", "s2"), TestTables.Pool("y", "s1", "s2", "s3")], services,
                serverMac: new(0x02_00_00_00_00_77)));
        Assert.Equal(after, pinned.Running().Slots);
    }

    /// <summary>Scattered free blocks are of no use to a large table: it is rejected with numbers, no block leaks, and
    /// a workaround exists.</summary>
    [Fact]
    public void Large_slot_table_is_rejected_without_a_leak_when_free_blocks_are_scattered()
    {
        const int Small = 4096, Large = 64;
        using var pinned = new PinnedEngine();
        var engine = pinned.Engine;
        // Four blocks each: half of all blocks in total.
        ForwardingTables SmallOnes(Func<int, int> server) => TestTables.Compile(
            Enumerable.Range(0, Small).Select(i => TestTables.Pool($"p{i}", 4093, ($"s{server(i)}", 1))),
            Enumerable.Range(0, Small).Select(static i => TestTables.Service($"v{i}", $"p{i}", port: i + 1)));
        // Every other table moves and leaves a hole.
        engine.Apply(SmallOnes(static i => i));
        engine.Apply(SmallOnes(static i => i % 2 == 0 ? i : 10_000 + i));
        var inForce = pinned.Running().Slots;

        var large = TestTables.Compile(
            Enumerable.Range(0, Large).Select(static i => TestTables.Pool($"l{i}", 262139, ($"s{i}", 1))),
            Enumerable.Range(0, Large).Select(static i => TestTables.Service($"l{i}", $"l{i}", port: i + 1)));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var error = Assert.Throws<EngineException>(() => engine.Apply(large));
            Assert.Contains("needs 256 adjacent blocks", error.Message, StringComparison.Ordinal);
            Assert.Equal(inForce, pinned.Running().Slots);
        }
        engine.Apply(TestTables.Compile([], []));
        engine.Apply(large);
        Assert.Equal(Large, pinned.Running().Slots.Count);
    }

    private static GroupKey Key(string pool) => new(PoolKey.InDefault(pool), Encap.Layer2);
}
