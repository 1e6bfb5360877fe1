using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Memory of a flow table, which may outlive the process.</summary>
/// <param name="Entries">The entries, bucket by bucket, which packets look up.</param>
/// <param name="Metadata">The metadata of each entry, for output.</param>
public sealed record FlowTableMemory(Memory<byte> Entries, Memory<byte> Metadata)
{
    /// <summary>Size of an entry and of its metadata, in bytes.</summary>
    public static (int Entry, int Metadata) Sizes =>
        (Unsafe.SizeOf<FlowTable.Entry>(), Unsafe.SizeOf<FlowTable.FlowMetadata>());

    /// <summary>Number of entries for a number of flows: at least twice as many, so that few buckets are full, in a
    /// power of two of buckets.</summary>
    public static int EntryCountFor(int flowTableSize) =>
        (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * flowTableSize / FlowTable.BucketEntries, 1))
        * FlowTable.BucketEntries;

    /// <summary>Allocates memory that ends with the process.</summary>
    /// <param name="flowTableSize">Number of flows.</param>
    public static FlowTableMemory Of(int flowTableSize)
    {
        var entryCount = EntryCountFor(flowTableSize);
        return new FlowTableMemory(new byte[entryCount * Sizes.Entry], new byte[entryCount * Sizes.Metadata]);
    }
}
