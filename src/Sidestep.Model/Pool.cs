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

    /// <summary>A client keeps its server, or null: it does not.</summary>
    public Persistence? Persistence { get; init; }

    /// <summary>Backup servers serve only while fewer than this many others can; 1 when there are backup servers and
    /// nothing is said.</summary>
    public int MinServers { get; init; } = 1;

    /// <summary>How long a draining server keeps its flows, and what then.</summary>
    public Drain Drain { get; init; } = Drain.Default;

    /// <summary>Names of the monitors that every server is watched by; null: the default ones (<see cref="HealthMonitor.DefaultTcp"/>,
    /// <see cref="HealthMonitor.DefaultIcmp"/>). Empty: nobody watches, and every server is taken to serve.</summary>
    public ImmutableArray<string>? Monitors { get; init; }

    /// <summary>How many of them must be up.</summary>
    public MinHealthyMonitors MinHealthyMonitors { get; init; } = MinHealthyMonitors.All;

    /// <summary>When a new or recovered server gets traffic.</summary>
    public Admission Admission { get; init; } = Admission.Default;

    /// <summary>True while somebody watches the servers.</summary>
    public bool IsMonitored => Monitors is not { IsEmpty: true };

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

    /// <summary>Whether it takes flows.</summary>
    public ServerState State { get; init; } = ServerState.Enabled;

    /// <summary>Serves only while the pool has too few others, see <see cref="Pool.MinServers"/>.</summary>
    public bool Backup { get; init; }

    /// <summary>Another outer header than the profile says, or null. No meaning at layer 2.</summary>
    public Encapsulation? Encapsulation { get; init; }

    /// <summary>What it runs: Windows can be reached at layer 2 only.</summary>
    public OperatingSystemKind Os { get; init; } = OperatingSystemKind.Linux;
}

/// <summary>What a real server runs.</summary>
public enum OperatingSystemKind
{
    /// <summary>Linux, or what does the same.</summary>
    Linux,

    /// <summary>Windows: it takes off no outer header.</summary>
    Windows,
}

/// <summary>Whether a real server takes flows.</summary>
public enum ServerState
{
    /// <summary>It does.</summary>
    Enabled,

    /// <summary>It keeps what it has and takes nothing new, until the pool's drain deadline.</summary>
    Draining,

    /// <summary>Out at once; its flows move.</summary>
    Disabled,
}

/// <summary>How a draining server ends.</summary>
/// <param name="DeadlineSeconds">1 to 86400.</param>
/// <param name="OnDeadline">What happens to the flows that are left.</param>
public sealed record Drain(int DeadlineSeconds, DrainDeadlineAction OnDeadline)
{
    /// <summary>An hour, and then they stay until they are idle.</summary>
    public static Drain Default { get; } = new(3600, DrainDeadlineAction.Keep);
}

/// <summary>What happens to flows that a draining server still has at its deadline.</summary>
public enum DrainDeadlineAction
{
    /// <summary>Remembered flows stay until they are idle; all others go elsewhere.</summary>
    Keep,

    /// <summary>All move to other servers, which will not know the connections.</summary>
    Rehash,

    /// <summary>TCP clients get a reset for their next segment and connect again; others move.</summary>
    Reset,
}

/// <summary>Source persistence: clients of one network go to one server until they have been idle for a while.</summary>
/// <param name="TimeoutSeconds">1 to 86400.</param>
/// <param name="PrefixLength4">Bits of an IPv4 client's address that count, 1 to 32.</param>
/// <param name="PrefixLength6">Bits of an IPv6 client's address that count, 1 to 128.</param>
public sealed record Persistence(int TimeoutSeconds, int PrefixLength4 = 32, int PrefixLength6 = 128);

/// <summary>How a real server is chosen for a new flow.</summary>
public enum Algorithm
{
    /// <summary>A keyed hash chooses a slot of the consistent-hash table; needs no state.</summary>
    ConsistentHash,

    /// <summary>In turn, whatever the weights. Every flow is remembered.</summary>
    RoundRobin,

    /// <summary>In turn, by weight. Every flow is remembered.</summary>
    WeightedRoundRobin,

    /// <summary>The server with the fewest remembered flows.</summary>
    LeastConnections,

    /// <summary>The server with the fewest remembered flows for its weight.</summary>
    WeightedLeastConnections,
}

/// <summary>Which fields of a packet the flow hash covers.</summary>
public enum HashFields
{
    /// <summary>The client's address: all connections of a client reach the same server (C-01).</summary>
    SourceAddress,

    /// <summary>The client's address and port.</summary>
    SourceAddressAndPort,

    /// <summary>Both addresses, both ports and the protocol: connections of one client spread.</summary>
    FiveTuple,

    /// <summary>The port that is addressed, for services with many.</summary>
    DestinationPort,
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
