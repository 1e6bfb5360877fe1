using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Where remembered flows lie. It may be memory that outlives the process.</summary>
/// <param name="Places">By bucket: what packets look at.</param>
/// <param name="Facts">For each place whose flow it is, for people.</param>
public sealed record FlowMemory(Memory<byte> Places, Memory<byte> Facts)
{
    /// <summary>Bytes of a place, and of what is known of it.</summary>
    public static (int Place, int Facts) Sizes => (Unsafe.SizeOf<FlowTable.Place>(), Unsafe.SizeOf<FlowTable.Facts>());

    /// <summary>How many places there have to be for so many flows: twice as many, so that few buckets are full.</summary>
    public static int PlacesFor(int rememberedFlows) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * rememberedFlows / FlowTable.Ways, 1)) * FlowTable.Ways;

    /// <summary>Memory that ends with the process.</summary>
    public static FlowMemory Of(int rememberedFlows)
    {
        var places = PlacesFor(rememberedFlows);
        return new FlowMemory(new byte[places * Sizes.Place], new byte[places * Sizes.Facts]);
    }
}
