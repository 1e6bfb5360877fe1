using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Where each group's slots lie: near, while there is room. A changed table is written to free blocks beside the one
/// that is in use.</summary>
internal sealed class SlotStore
{
    private readonly StateMaps _maps;
    private readonly BlockAllocator _inline = new(0, Constants.InlineBlocks);
    private readonly BlockAllocator _mapped = new(Constants.InlineBlocks, Constants.SlotBlocks - Constants.InlineBlocks);

    /// <summary>Begins with what the active tables use.</summary>
    internal SlotStore(StateMaps maps, IEnumerable<SlotRanges> inUse)
    {
        _maps = maps;
        _inline.MarkUsed(0, 1); // a service without former slots names slot 0
        foreach (var ranges in inUse)
        {
            MarkUsed(ranges.Current);
            MarkUsed(ranges.Previous);
        }
    }

    /// <summary>Writes the slots of a group, unless those in use are the same.</summary>
    /// <param name="group">For messages.</param>
    /// <param name="slots">The current slots, as the program reads them.</param>
    /// <param name="previous">The former ones; null when nothing is under way.</param>
    /// <param name="inUse">What the group uses now.</param>
    /// <returns>Where they lie; to be given back by <see cref="Free(SlotRanges)"/> when they are no longer used.</returns>
    /// <exception cref="EngineException">There is no room; nothing was taken.</exception>
    internal SlotRanges Write(GroupKey group, uint[] slots, uint[]? previous, SlotRanges inUse)
    {
        if (IsAt(inUse.Current, slots) && IsAt(inUse.Previous, previous ?? []))
            return inUse;
        var current = Place(group, slots);
        try
        {
            return new SlotRanges(current, Place(group, previous ?? []));
        }
        catch (EngineException)
        {
            Free(current);
            throw;
        }
    }

    /// <summary>Gives both ranges back.</summary>
    internal void Free(SlotRanges ranges)
    {
        Free(ranges.Current);
        Free(ranges.Previous);
    }

    private bool IsAt(SlotRange range, uint[] slots) =>
        range.Count == slots.Length && _maps.SlotsOf(range).SequenceEqual(slots);

    private SlotRange Place(GroupKey group, uint[] slots)
    {
        var blocks = SlotRange.BlocksOf(slots.Length);
        if (blocks == 0)
            return default;
        if ((_inline.Take(blocks) ?? _mapped.Take(blocks)) is not { } first)
            throw new EngineException($"no room for the slot table of {group}: it needs {blocks} adjacent blocks of {Constants.BlockSlots} slots, "
                + $"of {Constants.SlotBlocks} in all. Set fewer 'slots' for large pools, or share pools");
        var range = new SlotRange(first * Constants.BlockSlots, slots.Length);
        slots.CopyTo(_maps.SlotsOf(range));
        return range;
    }

    private void MarkUsed(SlotRange range)
    {
        if (range.Count > 0)
            RegionOf(range).MarkUsed(range.FirstBlock, range.BlockCount);
    }

    private void Free(SlotRange range)
    {
        if (range.Count > 0)
            RegionOf(range).Free(range.FirstBlock, range.BlockCount);
    }

    private BlockAllocator RegionOf(SlotRange range) => range.FirstBlock < Constants.InlineBlocks ? _inline : _mapped;
}
