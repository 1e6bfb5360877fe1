using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>A group of servers as it lies in the maps.</summary>
/// <param name="Tables">What it was written from; the same object means that nothing changed.</param>
/// <param name="TracksFlows">Every flow of it is remembered.</param>
/// <param name="IgnoresWeights">Its servers count the same.</param>
/// <param name="Ids">Of its servers, in their order.</param>
/// <param name="Slots">Where its slots lie.</param>
internal sealed record PlacedGroup(ServerGroup Tables, bool TracksFlows, bool IgnoresWeights, int[] Ids, SlotRanges Slots);

/// <summary>Where the slots of a group lie.</summary>
/// <param name="Current">By which new flows are forwarded.</param>
/// <param name="Previous">Where they come from while a change is under way; of count 0: nothing is.</param>
internal readonly record struct SlotRanges(SlotRange Current, SlotRange Previous);

/// <summary>Slots of one table.</summary>
/// <param name="First">Index of the first; a multiple of the block size, and not 0.</param>
/// <param name="Count">How many; 0 for none.</param>
internal readonly record struct SlotRange(int First, int Count)
{
    internal int FirstBlock => First / Layout.Constants.BlockSlots;

    internal int BlockCount => BlocksOf(Count);

    internal static int BlocksOf(int slots) => (slots + Layout.Constants.BlockSlots - 1) / Layout.Constants.BlockSlots;
}
