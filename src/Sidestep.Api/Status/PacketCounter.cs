namespace Sidestep.Api.Status;

/// <summary>A counter of frames.</summary>
/// <param name="Packets">Number of frames.</param>
/// <param name="Bytes">Sum of their lengths as received, from the Ethernet header on.</param>
public sealed record PacketCounter(ulong Packets, ulong Bytes)
{
    /// <summary>No counters.</summary>
    internal static IReadOnlyDictionary<string, PacketCounter> None { get; } = new Dictionary<string, PacketCounter>();
}

/// <summary>Entries of full tables that were replaced by others.</summary>
/// <param name="Flows">Tracked flows that were evicted before they were idle.</param>
/// <param name="Fragments">Fragmented datagrams that were evicted before they timed out.</param>
public sealed record EvictionCounters(ulong Flows, ulong Fragments);
