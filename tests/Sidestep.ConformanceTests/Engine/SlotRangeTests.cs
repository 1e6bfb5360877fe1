using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Where slot tables lie.</summary>
[Collection(SerialEngines.Name)]
public sealed class SlotRangeTests
{
    [Fact]
    public void Unchanged_slot_tables_stay_in_place()
    {
        using var pinned = new PinnedEngine();
        VirtualService[] services = [TestTables.Service("x", "x", port: 1), TestTables.Service("y", "y", port: 2)];
        pinned.Engine.Apply(TestTables.Compile([TestTables.Pool("x", "s1", "s2"), TestTables.Pool("y", "s1", "s2")], services));
        var before = pinned.Running().Slots;

        pinned.Engine.Apply(TestTables.Compile([TestTables.Pool("x", "s1", "s2"), TestTables.Pool("y", "s1", "s2", "s3")], services));
        var after = pinned.Running().Slots;
        Assert.Equal(before[Key("x")], after[Key("x")]);
        Assert.NotEqual(before[Key("y")], after[Key("y")]);

        // A new Ethernet address is no new table.
        pinned.Engine.Apply(TestTables.Compile([TestTables.Pool("x", "s1", "s2"), TestTables.Pool("y", "s1", "s2", "s3")], services, serverMac: new(0x02_00_00_00_00_77)));
        Assert.Equal(after, pinned.Running().Slots);
    }

    [Fact]
    public void Runs_of_blocks_are_allocated_and_freed()
    {
        var blocks = new BlockAllocator(0, 8);
        Assert.Equal([0, 2, 5], new[] { 2, 3, 3 }.Select(n => blocks.Take(n)!.Value));
        Assert.Null(blocks.Take(1));
        blocks.Free(0, 2);
        blocks.Free(5, 3);
        // Five are free, but no more than three of them side by side.
        Assert.Null(blocks.Take(4));
        blocks.Free(2, 3);
        Assert.Equal(0, blocks.Take(8));
    }

    /// <summary>Free blocks that do not lie side by side are of no use to a large table: it is refused with numbers, nothing
    /// is lost, and there is a way round.</summary>
    [Fact]
    public void Large_slot_table_is_rejected_without_a_leak_when_free_blocks_are_scattered()
    {
        const int Small = 4096, Large = 64;
        using var pinned = new PinnedEngine();
        var engine = pinned.Engine;
        // Four blocks each: half of all blocks together.
        ForwardingTables SmallOnes(Func<int, int> server) => TestTables.Compile(
            Enumerable.Range(0, Small).Select(i => TestTables.Pool($"p{i}", 4093, ($"s{server(i)}", 1))),
            Enumerable.Range(0, Small).Select(static i => TestTables.Service($"v{i}", $"p{i}", port: i + 1)));
        // Every other one moves to a new place: what it leaves are holes.
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

    private static GroupKey Key(string pool) => new(pool, Encap.Layer2);
}
