using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Where each group's slots lie. A changed table is written to free blocks beside the one that is in use.</summary>
internal sealed class SlotStore
{
    private readonly StateMaps _maps;
    private readonly BlockAllocator _blocks;
    private Dictionary<GroupKey, SlotRange> _current;

    /// <summary>Begins with what the active tables use.</summary>
    internal SlotStore(StateMaps maps, IReadOnlyDictionary<GroupKey, SlotRange> inUse)
    {
        _maps = maps;
        _blocks = new BlockAllocator(Constants.SlotBlocks);
        _current = new Dictionary<GroupKey, SlotRange>(inUse);
        foreach (var range in _current.Values)
            _blocks.Mark(range.FirstBlock, range.BlockCount);
    }

    /// <summary>Writes the slots of every group that differ from those in use.</summary>
    /// <param name="groups">Each group with its slots as server ids.</param>
    /// <returns>The ranges of all groups; pass them to <see cref="Commit"/> or <see cref="Abandon"/>.</returns>
    /// <exception cref="EngineException">There is no room; nothing stays taken.</exception>
    internal Dictionary<GroupKey, SlotRange> Write(IEnumerable<(GroupKey Group, uint[] Slots)> groups)
    {
        var next = new Dictionary<GroupKey, SlotRange>();
        foreach (var (group, slots) in groups)
        {
            if (_current.TryGetValue(group, out var range) && range.Count == slots.Length
                && _maps.Slots.Slice(range.First, range.Count).SequenceEqual(slots))
            {
                next.Add(group, range);
                continue;
            }
            var blocks = (slots.Length + Constants.BlockSlots - 1) / Constants.BlockSlots;
            if (blocks > 0 && _blocks.Take(blocks) is { } first)
            {
                range = new SlotRange(first * Constants.BlockSlots, slots.Length);
                slots.CopyTo(_maps.Slots.Slice(range.First, range.Count));
                next.Add(group, range);
            }
            else if (blocks == 0)
            {
                next.Add(group, default);
            }
            else
            {
                Abandon(next);
                throw new EngineException($"no room for the slot table of {group}: it needs {blocks} adjacent blocks of {Constants.BlockSlots} slots, "
                    + $"and {Constants.SlotBlocks} blocks in all hold the tables of {_current.Count} groups. Set fewer 'slots' for large pools, or share pools");
            }
        }
        return next;
    }

    /// <summary>The ranges are in use now and no packet reads the former ones any more.</summary>
    internal void Commit(Dictionary<GroupKey, SlotRange> next)
    {
        FreeAll(_current, except: next);
        _current = next;
    }

    /// <summary>The ranges were not put to use.</summary>
    internal void Abandon(Dictionary<GroupKey, SlotRange> next) => FreeAll(next, except: _current);

    private void FreeAll(Dictionary<GroupKey, SlotRange> ranges, Dictionary<GroupKey, SlotRange> except)
    {
        foreach (var (group, range) in ranges)
        {
            if (range.Count > 0 && (!except.TryGetValue(group, out var kept) || kept != range))
                _blocks.Free(range.FirstBlock, range.BlockCount);
        }
    }
}

/// <summary>Slots of one table.</summary>
/// <param name="First">Index of the first; a multiple of the block size.</param>
/// <param name="Count">How many; 0 for none.</param>
internal readonly record struct SlotRange(int First, int Count)
{
    internal int FirstBlock => First / Constants.BlockSlots;

    internal int BlockCount => (Count + Constants.BlockSlots - 1) / Constants.BlockSlots;
}
