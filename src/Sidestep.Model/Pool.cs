using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>The real servers of a service and how one is chosen.</summary>
public sealed record Pool
{
    /// <summary>Unique among the pools.</summary>
    public required string Name { get; init; }

    /// <summary>How a member is chosen.</summary>
    public Algorithm Algorithm { get; init; } = Algorithm.ConsistentHash;

    /// <summary>Which fields of a packet choose the slot.</summary>
    public HashFields HashFields { get; init; } = HashFields.SourceAddress;

    /// <summary>Slots of the consistent-hash table, a prime of <see cref="SlotCounts"/>. Changing it moves most flows.</summary>
    public int Slots { get; init; } = SlotCounts.Default;

    /// <summary>The members; names and addresses are unique within the pool.</summary>
    public ImmutableArray<RealServer> Servers { get; init; } = [];
}

/// <summary>One member of a pool.</summary>
public sealed record RealServer
{
    /// <summary>Unique within the pool.</summary>
    public required string Name { get; init; }

    /// <summary>The server's own address (not the VIP): next hop at layer 2, outer destination at layer 3.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Share of the slots relative to the other members, 0 to 1000; 0 takes no traffic.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>False takes the server out without removing it from the file.</summary>
    public bool Enabled { get; init; } = true;
}

/// <summary>How a real server is chosen for a packet.</summary>
public enum Algorithm
{
    /// <summary>A keyed hash chooses a slot of the consistent-hash table; needs no state.</summary>
    ConsistentHash,
}

/// <summary>Which fields of a packet the flow hash covers.</summary>
public enum HashFields
{
    /// <summary>The client's address: all connections of a client reach the same server (C-01).</summary>
    SourceAddress,

    /// <summary>Both addresses, both ports and the protocol: connections of one client spread.</summary>
    FiveTuple,
}

/// <summary>The sizes that a slot table can have.</summary>
/// <remarks>Primes, so that every step length visits every slot, each just below a power of two, because storage comes in
/// blocks of 1,024 slots. About a hundred slots per server keep shares within one percent.</remarks>
public static class SlotCounts
{
    /// <summary>Enough for 160 equal servers at one percent granularity; 64 KiB of table.</summary>
    public const int Default = 16381;

    /// <summary>All sizes, ascending.</summary>
    public static ImmutableArray<int> All { get; } = [1021, 4093, 16381, 65521, 262139];
}
