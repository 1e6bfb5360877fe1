using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;

namespace Sidestep.Engine.Xdp;

/// <summary>A group of servers as it is written in the maps.</summary>
/// <param name="Tables">The group that it was written from; the same object means that nothing changed.</param>
/// <param name="Use">What its services require.</param>
/// <param name="Ids">Ids of its servers, in the order of the group.</param>
/// <param name="Slots">Ranges of its slots in the maps.</param>
internal sealed record PlacedGroup(ServerGroup Tables, GroupUse Use, int[] Ids, SlotRanges Slots);

/// <summary>The ranges of slots that a group occupies in the maps.</summary>
/// <param name="Current">Slots that new flows use.</param>
/// <param name="Previous">Slots of the previous table while slots are in transition; count 0 when none is.</param>
internal readonly record struct SlotRanges(SlotRange Current, SlotRange Previous);

/// <summary>The slots of one slot table.</summary>
/// <param name="First">Index of the first slot: a multiple of the block size, and not 0.</param>
/// <param name="Count">Number of slots; 0 for none.</param>
internal readonly record struct SlotRange(int First, int Count)
{
    internal int FirstBlock => First / Layout.Constants.BlockSlots;

    internal int BlockCount => BlocksOf(Count);

    internal static int BlocksOf(int slots) => (slots + Layout.Constants.BlockSlots - 1) / Layout.Constants.BlockSlots;
}
