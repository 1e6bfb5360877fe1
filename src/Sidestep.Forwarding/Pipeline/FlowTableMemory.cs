using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Where remembered flows lie. It may be memory that outlives the process.</summary>
/// <param name="Entries">By bucket: what packets look at.</param>
/// <param name="Metadata">For each place whose flow it is, for people.</param>
public sealed record FlowTableMemory(Memory<byte> Entries, Memory<byte> Metadata)
{
    /// <summary>Bytes of a place, and of what is known of it.</summary>
    public static (int Place, int Metadata) Sizes => (Unsafe.SizeOf<FlowTable.Entry>(), Unsafe.SizeOf<FlowTable.FlowMetadata>());

    /// <summary>How many places there have to be for so many flows: twice as many, so that few buckets are full.</summary>
    public static int EntryCountFor(int flowTableSize) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * flowTableSize / FlowTable.BucketEntries, 1)) * FlowTable.BucketEntries;

    /// <summary>Memory that ends with the process.</summary>
    public static FlowTableMemory Of(int flowTableSize)
    {
        var entryCount = EntryCountFor(flowTableSize);
        return new FlowTableMemory(new byte[entryCount * Sizes.Place], new byte[entryCount * Sizes.Metadata]);
    }
}
