using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>The compiled snapshot that an engine forwards by: immutable, independent of any engine's numbering.</summary>
public sealed record ForwardingTables
{
    /// <summary>Key of the flow hash.</summary>
    public required HashKey HashKey { get; init; }

    /// <summary>The director's interfaces.</summary>
    public required ImmutableArray<EgressInterface> Interfaces { get; init; }

    /// <summary>One entry per VIP or VIP prefix, by address.</summary>
    public required ImmutableArray<VipEntry> Vips { get; init; }

    /// <summary>One entry per enabled service, by name.</summary>
    public required ImmutableArray<ServiceEntry> Services { get; init; }

    /// <summary>The groups of servers that services choose from, by key.</summary>
    public required ImmutableArray<ServerGroup> Groups { get; init; }

    /// <summary>Ethernet addresses of other directors: what they sent is not balanced again.</summary>
    public ImmutableArray<MacAddress> Peers { get; init; } = [];

    /// <summary>When time alone will change these tables, so that they must be compiled again: a window closes, a drain is
    /// over, flows may have ended. Null: never.</summary>
    public DateTimeOffset? RecompileAt { get; init; }

    /// <summary>What these tables were compiled from, so that the next ones take over what did not change; null when they were
    /// read back from an engine.</summary>
    internal CompilerInput? Input { get; init; }
}

/// <summary>A VIP or VIP prefix.</summary>
/// <param name="Address">A single address has the full length.</param>
/// <param name="RespondsToArp">The director answers ARP or neighbour solicitation for it. Never for a prefix.</param>
/// <param name="Echo">What an echo request gets.</param>
/// <param name="EchoService">Name of the service whose servers get it, for <see cref="EchoAction.Forward"/>.</param>
public sealed record VipEntry(IPNetwork Address, bool RespondsToArp, EchoAction Echo, string? EchoService = null);

/// <summary>What an echo request gets now; <see cref="EchoPolicy"/> and whether the VIP is in service make it.</summary>
public enum EchoAction
{
    /// <summary>Dropped and counted.</summary>
    Drop,

    /// <summary>An answer.</summary>
    Reply,

    /// <summary>Forwarded to a real server.</summary>
    Forward,
}

/// <summary>A virtual service.</summary>
public sealed record ServiceEntry
{
    /// <summary>From the configuration; identifies its counters.</summary>
    public required string Name { get; init; }

    /// <summary>What it takes; ranges of several services on one VIP may overlap, the narrower one wins
    /// (<see cref="PortMap"/>).</summary>
    public required ImmutableArray<IPNetwork> Vips { get; init; }

    /// <summary>Its protocol.</summary>
    public required TransportProtocol Protocol { get; init; }

    /// <summary>Disjoint, ascending.</summary>
    public required ImmutableArray<PortRange> Ports { get; init; }

    /// <summary>Key of the <see cref="ServerGroup"/>.</summary>
    public required GroupKey Group { get; init; }

    /// <summary>How a server is chosen for a packet of no remembered flow.</summary>
    public Algorithm Algorithm { get; init; } = Algorithm.ConsistentHash;

    /// <summary>What the flow hash covers.</summary>
    public HashFields HashFields { get; init; } = HashFields.SourceAddress;

    /// <summary>Set: clients are remembered instead of flows.</summary>
    public Persistence? Persistence { get; init; }

    /// <summary>When flows are forgotten.</summary>
    public IdleTimeouts IdleTimeouts { get; init; } = IdleTimeouts.Default;

    /// <summary>What happens to what is too big.</summary>
    public OversizedPolicy Oversized { get; init; } = OversizedPolicy.Icmp;

    /// <summary>Where UDP goes while slots are in transition.</summary>
    public UdpRebalancePolicy UdpOnRebalance { get; init; } = UdpRebalancePolicy.Stay;

    /// <summary>Who may use it; null: everybody.</summary>
    public AccessList? AccessList { get; init; }
}

/// <summary>A pool, reached in one way.</summary>
/// <param name="Pool">Name of the pool.</param>
/// <param name="Encap">How.</param>
public readonly record struct GroupKey(string Pool, Encap Encap)
{
    /// <summary>By what nearly always differs: a pool is seldom reached in two ways.</summary>
    public override int GetHashCode() => string.GetHashCode(Pool, StringComparison.Ordinal);

    /// <summary>For messages and sorting: <c>web/l2</c>.</summary>
    public override string ToString() => $"{Pool}/{Encap}";
}

/// <summary>The usable servers of a pool and their slots.</summary>
/// <param name="Key">Which pool, reached how.</param>
/// <param name="Servers">All servers of the pool, by address; those that take no new flows have no slots.</param>
/// <param name="Slots">The slot table; its members are usable ones of <paramref name="Servers"/>. Without any it is empty, or its
/// slots name <see cref="SlotTable.NoMember"/> while <paramref name="Transition"/> has flows that stay.</param>
/// <param name="Transition">What is under way; null: nothing, slots need no memory.</param>
public sealed record ServerGroup(GroupKey Key, ImmutableArray<ServerEntry> Servers, SlotTable Slots, Transition? Transition = null)
{
    /// <summary>True while packets reach somebody: a server that takes new flows, or one that drains and keeps those that it
    /// has. A VIP that went out of service with its last draining server would break what the drain is to spare.</summary>
    public bool CanServe => !Slots.Members.IsEmpty
        || Servers.Any(static s => s is { DrainingSince: not null, NextHop: not null, Flows: FlowState.Keep });
}

/// <summary>Slots of a group on their way from one server to another (just-enough tracking).</summary>
/// <param name="PreviousServers">For each slot: <see cref="Stable"/>, <see cref="Tracked"/>, or the index in
/// <see cref="ServerGroup.Servers"/> of the server that packets of no remembered flow still belong to.</param>
/// <param name="MigrationWindowEnds">Then the former servers are forgotten: every flow that lives has shown itself.</param>
public sealed record Transition(ImmutableArray<int> PreviousServers, DateTimeOffset MigrationWindowEnds)
{
    /// <summary>Nothing is under way in the slot: no flow of it is looked up.</summary>
    public const int Stable = -1;

    /// <summary>The window is closed, but remembered flows are left: flows are looked up, new ones not remembered.</summary>
    public const int Tracked = -2;
}

/// <summary>A real server.</summary>
/// <param name="Name">From the configuration.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Weight">From the configuration; 0 when it takes no new flows.</param>
/// <param name="NextHop">Null while it is not resolved.</param>
public sealed record ServerEntry(string Name, IPAddress Address, int Weight, NextHop? NextHop)
{
    /// <summary>How it is reached, where that is not the group's way.</summary>
    public Encap? Encap { get; init; }

    /// <summary>What becomes of the flows that it has.</summary>
    public FlowState Flows { get; init; } = FlowState.Keep;

    /// <summary>When it was first seen draining; null when it does not drain. Engines keep it, so that a restart does not begin
    /// the drain anew.</summary>
    public DateTimeOffset? DrainingSince { get; init; }

    /// <summary>True: whoever watches it says that it is not fit for traffic, or has not yet said that it is.</summary>
    public bool HasFailed { get; init; }

    /// <summary>Why <see cref="NextHop"/> is null although its neighbour is known, and what to do; otherwise null.</summary>
    public string? Obstacle { get; init; }

    /// <summary>True when it can take new flows.</summary>
    public bool IsUsable => Weight > 0 && NextHop is not null;
}

/// <summary>What becomes of the flows that a server has.</summary>
public enum FlowState
{
    /// <summary>They stay.</summary>
    Keep,

    /// <summary>They move at once: it failed, is switched off, or its drain is over.</summary>
    Move,

    /// <summary>TCP is answered with a reset, everything else moves.</summary>
    Reset,
}
