using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>A compiled configuration that an engine applies: immutable, and independent of any engine's IDs.</summary>
public sealed record ForwardingTables
{
    /// <summary>The secret key of the flow hash; the same on all directors that forward the same flows.</summary>
    public required HashKey HashKey { get; init; }

    /// <summary>The director's interfaces.</summary>
    public required ImmutableArray<EgressInterface> Interfaces { get; init; }

    /// <summary>One entry per VIP or VIP prefix, by address.</summary>
    public required ImmutableArray<VipEntry> Vips { get; init; }

    /// <summary>One entry per enabled service, by name.</summary>
    public required ImmutableArray<ServiceEntry> Services { get; init; }

    /// <summary>The groups of servers that services choose from, by key.</summary>
    public required ImmutableArray<ServerGroup> Groups { get; init; }

    /// <summary>Ethernet addresses of other directors: their frames are not balanced again.</summary>
    public ImmutableArray<MacAddress> Peers { get; init; } = [];

    /// <summary>What the sender of a packet to a VIP gets that no service matches.</summary>
    public RejectPolicy OnNoService { get; init; } = RejectPolicy.Drop;

    /// <summary>When the tables must be compiled again because of time alone: a migration window or a drain ends, or
    /// flows may have ended. Null: never.</summary>
    public DateTimeOffset? RecompileAt { get; init; }

    /// <summary>The input of the compilation, so that the next one can reuse unchanged parts; null for tables that were
    /// read back from an engine.</summary>
    internal CompilerInput? Input { get; init; }
}

/// <summary>A VIP or VIP prefix, and what the director does with requests for it.</summary>
/// <param name="Address">The prefix; a single address has the full prefix length.</param>
/// <param name="RespondsToArp">The director answers ARP requests or neighbour solicitations for it. Never for a
/// prefix.</param>
/// <param name="Echo">The director's action for an echo request.</param>
/// <param name="EchoService">For <see cref="EchoAction.Forward"/>: the service whose servers receive it.</param>
public sealed record VipEntry(IPNetwork Address, bool RespondsToArp, EchoAction Echo, ServiceKey? EchoService = null)
{
    /// <summary>True while a service of the VIP has traffic enabled and a server that can serve it: then the VIP may be
    /// advertised. Also for a prefix.</summary>
    public bool InService { get; init; }
}

/// <summary>The director's present action for an echo request: it follows from <see cref="EchoPolicy"/> and from
/// whether the VIP is in service.</summary>
public enum EchoAction
{
    /// <summary>Dropped and counted as <see cref="DropReason.EchoRefused"/>.</summary>
    Drop,

    /// <summary>Answered with an echo reply.</summary>
    Reply,

    /// <summary>Forwarded to a real server.</summary>
    Forward,
}

/// <summary>An enabled virtual service, with the settings that the data path needs.</summary>
public sealed record ServiceEntry
{
    /// <summary>Tenant and name in the configuration; identifies the counters.</summary>
    public required ServiceKey Key { get; init; }

    /// <summary>The VIPs and VIP prefixes. Port ranges of several services on one VIP may overlap: the narrowest wins
    /// (<see cref="PortMap"/>).</summary>
    public required ImmutableArray<IPNetwork> Vips { get; init; }

    /// <summary>Transport protocol that the service matches.</summary>
    public required TransportProtocol Protocol { get; init; }

    /// <summary>Destination ports that the service matches: disjoint and ascending ranges.</summary>
    public required ImmutableArray<PortRange> Ports { get; init; }

    /// <summary>Key of the <see cref="ServerGroup"/> that the service chooses servers from.</summary>
    public required GroupKey Group { get; init; }

    /// <summary>Key of the first group that has the same slots as <see cref="Group"/>: services that share it choose
    /// the same server for the same hash.</summary>
    public GroupKey SlotsOf
    {
        get => field == default ? Group : field;
        init;
    }

    /// <summary>How a server is chosen for a packet of no tracked flow.</summary>
    public Algorithm Algorithm { get; init; } = Algorithm.ConsistentHash;

    /// <summary>True if every flow is tracked, not only those of slots in transition.</summary>
    public bool TracksFlows => Algorithm != Algorithm.ConsistentHash || Persistence is not null;

    /// <summary>Fields of a packet that the flow hash covers.</summary>
    public HashFields HashFields { get; init; } = HashFields.SourceAddress;

    /// <summary>False: all fragments choose their server by the source address alone.</summary>
    public bool FragmentTracking { get; init; } = true;

    /// <summary>Source persistence: clients are tracked instead of flows; null: flows.</summary>
    public Persistence? Persistence { get; init; }

    /// <summary>How long tracked flows may be idle.</summary>
    public IdleTimeouts IdleTimeouts { get; init; } = IdleTimeouts.Default;

    /// <summary>The action for packets that are too big for the path to their server.</summary>
    public OversizedPolicy Oversized { get; init; } = OversizedPolicy.Icmp;

    /// <summary>The choice between the previous and the new server for UDP packets while their slot is in
    /// transition.</summary>
    public UdpRebalancePolicy UdpOnRebalance { get; init; } = UdpRebalancePolicy.Stay;

    /// <summary>Sources that may use the service; null: all.</summary>
    public AccessList? AccessList { get; init; }

    /// <summary>True if each UDP datagram goes to the server of a random slot, and no flow is tracked.</summary>
    public bool OncePerDatagram { get; init; }

    /// <summary>What the sender of a new flow gets while the service has no server for it.</summary>
    public RejectPolicy OnNoServer { get; init; } = RejectPolicy.Drop;
}

/// <summary>The usable servers of a pool and their slots.</summary>
/// <param name="Key">Pool, encapsulation and service.</param>
/// <param name="Servers">All servers of the pool, by address; those that accept no new flows have no slots.</param>
/// <param name="Slots">The slot table; its members are the usable ones of <paramref name="Servers"/>. Without any, it
/// is empty, or its slots are <see cref="SlotTable.NoMember"/> while <paramref name="Transition"/> has flows that
/// stay.</param>
/// <param name="Transition">The transition of the slots; null: all slots are stable and need no flow table.</param>
public sealed record ServerGroup(
    GroupKey Key, ImmutableArray<ServerEntry> Servers, SlotTable Slots, Transition? Transition = null)
{
    /// <summary>True while packets reach a server: one that accepts new flows, or one that drains and keeps its flows.
    /// If the VIP went out of service with its last draining server, the flows that the drain protects would
    /// break.</summary>
    public bool CanServe => !Slots.Members.IsEmpty
        || Servers.Any(static s => s is { DrainingSince: not null, NextHop: not null, Flows: FlowState.Keep });
}

/// <summary>Slots of a group that move from one server to another (just-enough tracking).</summary>
/// <param name="PreviousServers">For each slot: <see cref="Stable"/>, <see cref="Tracked"/>, or the index in
/// <see cref="ServerGroup.Servers"/> of the server that packets of no tracked flow still belong to.</param>
/// <param name="MigrationWindowEnds">End of the migration window: every live flow is tracked by then, so previous
/// servers are no longer needed.</param>
public sealed record Transition(ImmutableArray<int> PreviousServers, DateTimeOffset MigrationWindowEnds)
{
    /// <summary>The slot is not in transition: its flows are not looked up.</summary>
    public const int Stable = -1;

    /// <summary>The migration window is closed, but tracked flows are left: flows are looked up, new ones are not
    /// tracked.</summary>
    public const int Tracked = -2;
}

/// <summary>A real server of one group, as it is in force.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Weight">Weight in the configuration; 0 when it accepts no new flows. A draining server has a weight
/// only while the pool falls back to it (<see cref="Pool.FallbackToDraining"/>).</param>
/// <param name="NextHop">The next hop; null while it is not resolved.</param>
public sealed record ServerEntry(string Name, IPAddress Address, int Weight, NextHop? NextHop)
{
    /// <summary><see cref="Address"/> with the VRF in which the director reaches the server.</summary>
    public VrfAddress VrfAddress => VrfAddress.InDefault(Address);

    /// <summary>The server's encapsulation; null: that of the group.</summary>
    public Encap? Encap { get; init; }

    /// <summary>The treatment of flows that the server already has.</summary>
    public FlowState Flows { get; init; } = FlowState.Keep;

    /// <summary>When its drain began; null when it does not drain. Engines persist it, so that a restart does not
    /// restart the drain.</summary>
    public DateTimeOffset? DrainingSince { get; init; }

    /// <summary>True if its health monitors report it unhealthy, or have not yet reported it healthy.</summary>
    public bool HasFailed { get; init; }

    /// <summary>Why <see cref="NextHop"/> is null although the neighbour is known, and the remedy; otherwise
    /// null.</summary>
    public string? Obstacle { get; init; }

    /// <summary>True if it accepts new flows.</summary>
    public bool IsUsable => Weight > 0 && NextHop is not null;
}

/// <summary>The treatment of flows that a server already has.</summary>
public enum FlowState
{
    /// <summary>The flows stay with the server.</summary>
    Keep,

    /// <summary>The flows move at once: the server has failed, is disabled, or its drain is over.</summary>
    Move,

    /// <summary>TCP segments are answered with a reset, all other flows move.</summary>
    Reset,
}
