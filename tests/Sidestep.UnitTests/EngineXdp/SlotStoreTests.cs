using FsCheck.Fluent;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Placement of slot tables in blocks of 1024 slots, of which the first 112 are inline and block 0 is unused;
/// the numbers are those of src/bpf/tables.h.</summary>
public sealed class SlotStoreTests
{
    private const int BlockSlots = 1024, InlineBlocks = 112, AllBlocks = 32768;
    private static readonly GroupKey Group = new(PoolKey.InDefault("p"), Encap.Layer2);
    private readonly SlotMemory _memory = new();

    [Fact]
    public void First_table_lies_in_block_1()
    {
        var store = new SlotStore(_memory.Of, []);
        uint[] slots = [1, 2, 3];
        var ranges = store.Write(Group, slots, null, default);
        Assert.Equal(new SlotRanges(new SlotRange(BlockSlots, 3), default), ranges);
        Assert.Equal(slots, _memory.Of(ranges.Current).ToArray());
    }

    [Fact]
    public void Previous_slots_lie_in_blocks_of_their_own()
    {
        var store = new SlotStore(_memory.Of, []);
        var ranges = store.Write(Group, Filled(1, 1025), Filled(2, 1025), default);
        Assert.Equal((BlockSlots, 3 * BlockSlots), (ranges.Current.First, ranges.Previous.First));
        Assert.Equal(Filled(2, 1025), _memory.Of(ranges.Previous).ToArray());
    }

    [Fact]
    public void Equal_slots_stay_in_place()
    {
        var store = new SlotStore(_memory.Of, []);
        var first = store.Write(Group, Filled(1, 1021), Filled(2, 1021), default);
        Assert.Equal(first, store.Write(Group, Filled(1, 1021), Filled(2, 1021), first));
    }

    [Theory]
    [InlineData(1, 1021, false)] // the transition has ended
    [InlineData(3, 1021, true)] // other slots
    [InlineData(1, 1020, true)] // fewer slots
    public void Changed_slots_go_to_other_blocks(uint server, int count, bool hasPrevious)
    {
        var store = new SlotStore(_memory.Of, []);
        var first = store.Write(Group, Filled(1, 1021), Filled(2, 1021), default);
        var second = store.Write(Group, Filled(server, count), hasPrevious ? Filled(2, count) : null, first);
        Assert.NotEqual(first.Current.First, second.Current.First);
        Assert.Equal(Filled(1, 1021), _memory.Of(first.Current).ToArray());
    }

    [Fact]
    public void Group_without_slots_needs_no_blocks() =>
        Assert.Equal(default, new SlotStore(_memory.Of, []).Write(Group, [], null, default));

    [Fact]
    public void Table_that_is_too_large_for_the_inline_blocks_goes_to_the_map_as_a_whole()
    {
        var store = new SlotStore(_memory.Of, []);
        store.Write(Group, Filled(1, (InlineBlocks - 3) * BlockSlots), null, default);
        Assert.Equal(
            InlineBlocks * BlockSlots, store.Write(Group, Filled(2, 3 * BlockSlots), null, default).Current.First);
        Assert.Equal((InlineBlocks - 2) * BlockSlots,
            store.Write(Group, Filled(3, 2 * BlockSlots), null, default).Current.First);
    }

    [Fact]
    public void Blocks_in_use_are_not_overwritten()
    {
        var inUse = new SlotRanges(new SlotRange(BlockSlots, 2000), new SlotRange(3 * BlockSlots, 1));
        var store = new SlotStore(_memory.Of, [inUse]);
        Assert.Equal(4 * BlockSlots, store.Write(Group, Filled(1, 10), null, default).Current.First);
        Assert.Equal(5 * BlockSlots, store.Write(Group, Filled(1, 107 * BlockSlots), null, default).Current.First);
        store.Free(inUse);
        Assert.Equal(BlockSlots, store.Write(Group, Filled(1, 3 * BlockSlots), null, default).Current.First);
    }

    [Fact]
    public void Full_store_rejects_a_table_and_leaks_nothing()
    {
        var store = new SlotStore(_memory.Of, []);
        // Leaves 100 blocks of the map: enough for the current slots and not for the previous ones.
        var most = store.Write(Group, Filled(1, (AllBlocks - InlineBlocks - 100) * BlockSlots), null, default);
        Assert.Equal(InlineBlocks, most.Current.FirstBlock);
        store.Write(Group, Filled(1, (InlineBlocks - 1) * BlockSlots), null, default);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var error = Assert.Throws<EngineException>(
                () => store.Write(Group, Filled(2, 60 * BlockSlots), Filled(3, 60 * BlockSlots), default));
            Assert.Contains("p/l2: it needs 60 adjacent blocks of 1024 slots, of 32768 in all", error.Message,
                StringComparison.Ordinal);
        }
        Assert.Equal(
            AllBlocks - 100, store.Write(Group, Filled(2, 100 * BlockSlots), null, default).Current.FirstBlock);
    }

    /// <summary>After any sequence of changes every group has its own slots, as in a dictionary.</summary>
    [Fact]
    public void Tables_of_groups_never_overlap()
    {
        var version = 0u;
        Gens.Check(
            Gen.ListOf(Gen.Choose(0, 5).Zip(Gen.Choose(0, 5000))).Select(static l => l.ToArray()),
            changes =>
            {
                var store = new SlotStore(_memory.Of, []);
                var (placed, expected) = (new Dictionary<int, SlotRanges>(), new Dictionary<int, uint[]>());
                foreach (var (group, count) in changes)
                {
                    // Unique in all cases: what an earlier case left in the memory equals no expected slot.
                    expected[group] = Filled(++version, count);
                    var inUse = placed.GetValueOrDefault(group);
                    placed[group] = store.Write(Group, expected[group], null, inUse);
                    if (placed[group] != inUse)
                        store.Free(inUse);
                }
                return expected.All(e => _memory.Of(placed[e.Key].Current).SequenceEqual(e.Value));
            },
            tests: 300);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(1024, 1)]
    [InlineData(1025, 2)]
    [InlineData(262139, 256)]
    public void Table_occupies_whole_blocks(int slots, int blocks) => Assert.Equal(blocks, SlotRange.BlocksOf(slots));

    private static uint[] Filled(uint server, int count)
    {
        var slots = new uint[count];
        Array.Fill(slots, server);
        return slots;
    }

    /// <summary>Memory of all blocks, 134 MB. It is not cleared: most tests use little of it.</summary>
    private sealed class SlotMemory
    {
        private readonly uint[] _slots = GC.AllocateUninitializedArray<uint>((AllBlocks + 1) * BlockSlots);

        public Span<uint> Of(SlotRange range) => _slots.AsSpan(range.First, range.Count);
    }
}
