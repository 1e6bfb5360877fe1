using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Places the slots of each group in blocks: inline while blocks are free there, else in the map. A changed
/// slot table goes to free blocks beside the one in use.</summary>
internal sealed class SlotStore
{
    private readonly SlotMemory _slotsOf;
    private readonly BlockAllocator _inline = new(0, Constants.InlineBlocks);
    private readonly BlockAllocator _mapped = new(
        Constants.InlineBlocks, Constants.SlotBlocks - Constants.InlineBlocks);

    /// <summary>Memory of the slots of a range.</summary>
    internal delegate Span<uint> SlotMemory(SlotRange range);

    /// <summary>Starts with the ranges that the active tables use.</summary>
    /// <param name="slotsOf">Memory of the slots of a range.</param>
    /// <param name="inUse">Ranges that the active tables use.</param>
    internal SlotStore(SlotMemory slotsOf, IEnumerable<SlotRanges> inUse)
    {
        _slotsOf = slotsOf;
        _inline.MarkUsed(0, 1); // a service without previous slots refers to slot 0
        foreach (var ranges in inUse)
        {
            MarkUsed(ranges.Current);
            MarkUsed(ranges.Previous);
        }
    }

    /// <summary>Writes the slots of a group, unless those in use are equal.</summary>
    /// <param name="group">The group, for error messages.</param>
    /// <param name="slots">The current slot words, as the program reads them.</param>
    /// <param name="previous">The previous slot words; null when no slot is in transition.</param>
    /// <param name="inUse">The ranges that the group uses now.</param>
    /// <returns>The ranges of the slots; free them with <see cref="Free(SlotRanges)"/> when they are no longer
    /// used.</returns>
    /// <exception cref="EngineException">No adjacent blocks are free; nothing was allocated.</exception>
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

    /// <summary>Frees both ranges of slots of a group.</summary>
    internal void Free(SlotRanges ranges)
    {
        Free(ranges.Current);
        Free(ranges.Previous);
    }

    private bool IsAt(SlotRange range, uint[] slots) =>
        range.Count == slots.Length && _slotsOf(range).SequenceEqual(slots);

    private SlotRange Place(GroupKey group, uint[] slots)
    {
        var blocks = SlotRange.BlocksOf(slots.Length);
        if (blocks == 0)
            return default;
        if ((_inline.Take(blocks) ?? _mapped.Take(blocks)) is not { } first)
            throw new EngineException($"no space for the slot table of {group}: it needs {blocks} adjacent blocks "
                + $"of {Constants.BlockSlots} slots, of {Constants.SlotBlocks} in all. Set fewer 'slots' for large "
                + $"pools, or {(group.Service is null ? "share pools" : "healthScope: pool, so that services share")}");
        var range = new SlotRange(first * Constants.BlockSlots, slots.Length);
        slots.CopyTo(_slotsOf(range));
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
