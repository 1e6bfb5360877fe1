using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>A group of real servers, and how the director chooses one.</summary>
public sealed record Pool
{
    /// <summary>Name of the pool, 1 to 63 characters; unique among the pools.</summary>
    public required string Name { get; init; }

    /// <summary>Labels and annotations of the operator.</summary>
    public Metadata Metadata { get; init; } = Metadata.None;

    /// <summary>Identifies the pool.</summary>
    public PoolKey Key => PoolKey.InDefault(Name);

    /// <summary>How the director chooses a server for a new flow.</summary>
    public Algorithm Algorithm { get; init; } = Algorithm.ConsistentHash;

    /// <summary>The fields of a packet that the flow hash covers.</summary>
    public HashFields HashFields { get; init; } = HashFields.SourceAddress;

    /// <summary>True: later fragments follow their first fragment, which has the ports. False: all fragments choose
    /// their server by the source address alone, in any order of arrival.</summary>
    public bool FragmentTracking { get; init; } = true;

    /// <summary>Slots of the consistent-hash table, a value of <see cref="SlotCounts.All"/>. A change of this number
    /// moves most flows.</summary>
    public int Slots { get; init; } = SlotCounts.Default;

    /// <summary>Source persistence; null: none.</summary>
    public Persistence? Persistence { get; init; }

    /// <summary>Backup servers get flows only while fewer than this many other servers can.</summary>
    public int MinServers { get; init; } = 1;

    /// <summary>How long a draining server keeps its flows, and what happens then.</summary>
    public Drain Drain { get; init; } = Drain.Default;

    /// <summary>True: while no other server gets new flows, draining servers do, as far as they are healthy, have a
    /// weight above 0 and are within their deadline.</summary>
    public bool FallbackToDraining { get; init; }

    /// <summary>Names of the monitors that probe every server; null: the default monitors
    /// (<see cref="HealthMonitor.DefaultTcp"/>, <see cref="HealthMonitor.DefaultIcmp"/>). Empty: no probes, and every
    /// server counts as healthy.</summary>
    public ImmutableArray<string>? Monitors { get; init; }

    /// <summary>True: the pool may be without a monitor that probes the DSR path.</summary>
    public bool AllowUnverifiedDsrPath { get; init; }

    /// <summary>How many of the monitors must be up.</summary>
    public MinHealthyMonitors MinHealthyMonitors { get; init; } = MinHealthyMonitors.All;

    /// <summary>Percentage of its servers, 0 to 100: while fewer of those that were healthy before still are, unhealthy
    /// servers that answer from the VIP get new flows, too (panic mode). 0: never.</summary>
    public int PanicThreshold { get; init; } = DefaultPanicThreshold;

    /// <summary>The default of <see cref="PanicThreshold"/>: 50 percent.</summary>
    public const int DefaultPanicThreshold = 50;

    /// <summary>What a server is judged for: each service of the pool by its own checks, or all of them
    /// together.</summary>
    public HealthScope HealthScope { get; init; } = HealthScope.Auto;

    /// <summary>The requirements, beside its monitors, that a new or recovered server must meet before it gets
    /// traffic.</summary>
    public Admission Admission { get; init; } = Admission.Default;

    /// <summary>True if monitors probe the servers.</summary>
    public bool IsMonitored => Monitors is not { IsEmpty: true };

    /// <summary>True if a server may get new flows: it is enabled, and its weight is above 0.</summary>
    public bool AcceptsNewFlows => Servers.Any(static s => s is { State: ServerState.Enabled, Weight: > 0 });

    /// <summary>True if draining servers may get new flows, because no server is enabled with a weight above
    /// 0.</summary>
    public bool FallsBackToDraining => FallbackToDraining && !AcceptsNewFlows
        && Servers.Any(static s => s is { State: ServerState.Draining, Weight: > 0 });

    /// <summary>The members; names and addresses are unique within the pool.</summary>
    public ImmutableArray<RealServer> Servers { get; init; } = [];
}

/// <summary>What a health verdict about a server covers.</summary>
public enum HealthScope
{
    /// <summary>One service while the pool has at most <see cref="Limits.ServicesWithOwnHealth"/>, otherwise
    /// all.</summary>
    Auto,

    /// <summary>One service of the pool. Each service has its own slot table.</summary>
    Service,

    /// <summary>All services of the pool: they share a slot table, and a server must be up for all of them.</summary>
    Pool,
}

/// <summary>A real server as a member of one pool.</summary>
public sealed record RealServer
{
    /// <summary>Name of the server, 1 to 63 characters; unique within the pool.</summary>
    public required string Name { get; init; }

    /// <summary>Labels and annotations of the operator.</summary>
    public Metadata Metadata { get; init; } = Metadata.None;

    /// <summary>The server's own address (not the VIP): the next hop at layer 2, the outer destination at layer
    /// 3.</summary>
    public required IPAddress Address { get; init; }

    /// <summary><see cref="Address"/> with the VRF in which the director reaches the server.</summary>
    public VrfAddress VrfAddress => VrfAddress.InDefault(Address);

    /// <summary>Identifies the host by its name.</summary>
    public RealServerKey KeyByName => RealServerKey.InDefault(Name);

    /// <summary>Identifies the host by its address.</summary>
    public RealServerKey KeyByAddress => RealServerKey.InDefault(VrfAddress.ToString());

    /// <summary>Share of new flows relative to the other members, 0 to 1000; with 0 the server gets none.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>The configured state: enabled, draining or disabled.</summary>
    public ServerState State { get; init; } = ServerState.Enabled;

    /// <summary>True: the server gets flows only while the pool has too few other servers, see
    /// <see cref="Pool.MinServers"/>.</summary>
    public bool Backup { get; init; }

    /// <summary>Overrides the outer header of the profile; null: it does not. Ignored at layer 2.</summary>
    public Encapsulation? Encapsulation { get; init; }

    /// <summary>The operating system: Windows is possible at layer 2 only.</summary>
    public OperatingSystemKind Os { get; init; } = OperatingSystemKind.Linux;
}

/// <summary>The operating system of a real server.</summary>
public enum OperatingSystemKind
{
    /// <summary>Linux, or a system with the same capabilities.</summary>
    Linux,

    /// <summary>Windows, which does not decapsulate.</summary>
    Windows,
}

/// <summary>The configured state of a real server, which decides about new and present flows.</summary>
public enum ServerState
{
    /// <summary>The server gets new flows.</summary>
    Enabled,

    /// <summary>The server keeps its flows and gets no new ones, until the drain deadline of the pool. See also
    /// <see cref="Pool.FallbackToDraining"/>.</summary>
    Draining,

    /// <summary>The server leaves at once; its flows move to other servers.</summary>
    Disabled,
}

/// <summary>The treatment of a draining server's flows.</summary>
/// <param name="DeadlineSeconds">Seconds for which it keeps its flows, 1 to 86400.</param>
/// <param name="OnDeadline">The action at the deadline for the flows that are left.</param>
public sealed record Drain(int DeadlineSeconds, DrainDeadlineAction OnDeadline)
{
    /// <summary>The default deadline: an hour, after which tracked flows stay until they are idle.</summary>
    public static Drain Default { get; } = new(3600, DrainDeadlineAction.Keep);
}

/// <summary>The action at the deadline for flows that a draining server still has.</summary>
public enum DrainDeadlineAction
{
    /// <summary>Tracked flows stay until they are idle; all others move.</summary>
    Keep,

    /// <summary>All flows move to other servers, which do not know the connections.</summary>
    Rehash,

    /// <summary>TCP clients get a reset for their next segment and reconnect; all other flows move.</summary>
    Reset,
}

/// <summary>Source persistence: clients of one prefix go to one server until they have been idle for the
/// timeout.</summary>
/// <param name="TimeoutSeconds">Idle timeout, 1 to 86400.</param>
/// <param name="PrefixLength4">Leading bits of an IPv4 source address that identify a client, 1 to 32.</param>
/// <param name="PrefixLength6">Leading bits of an IPv6 source address that identify a client, 1 to 128.</param>
public sealed record Persistence(int TimeoutSeconds, int PrefixLength4 = 32, int PrefixLength6 = 128);

/// <summary>How the director chooses a real server for a new flow.</summary>
public enum Algorithm
{
    /// <summary>A keyed hash chooses a slot of the consistent-hash table; needs no state.</summary>
    ConsistentHash,

    /// <summary>Each server in turn, whatever the weights. The director tracks every flow.</summary>
    RoundRobin,

    /// <summary>Each server in turn, by weight. The director tracks every flow.</summary>
    WeightedRoundRobin,

    /// <summary>The server with the fewest tracked flows.</summary>
    LeastConnections,

    /// <summary>The server with the fewest tracked flows for its weight.</summary>
    WeightedLeastConnections,
}

/// <summary>The fields of a packet that the flow hash covers.</summary>
public enum HashFields
{
    /// <summary>The client's address: all connections of a client go to the same server.</summary>
    SourceAddress,

    /// <summary>The client's address and port.</summary>
    SourceAddressAndPort,

    /// <summary>Both addresses, both ports and the protocol: the connections of one client spread.</summary>
    FiveTuple,

    /// <summary>The destination port, for services with many ports.</summary>
    DestinationPort,
}

/// <summary>The possible sizes of a slot table.</summary>
/// <remarks>Each is a prime, so that every step length visits every slot, and just below a power of two, because
/// storage comes in blocks of 1,024 slots. About a hundred slots per server keep shares within one percent.</remarks>
public static class SlotCounts
{
    /// <summary>Enough for 160 equal servers at one percent granularity; 64 KiB of table.</summary>
    public const int Default = 16381;

    /// <summary>All possible sizes in slots, ascending.</summary>
    public static ImmutableArray<int> All { get; } = [1021, 4093, 16381, 65521, 262139];
}
