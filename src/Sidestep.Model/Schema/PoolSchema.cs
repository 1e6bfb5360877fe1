namespace Sidestep.Model.Schema;

/// <summary>An item of <c>pools</c>.</summary>
internal static class PoolSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name, "Unique among the pools.");

    public static readonly Key<Algorithm> Algorithm = Key<Algorithm>.WithDefault("algorithm",
        new ChoiceKind<Algorithm>(
            new("consistent-hash", Model.Algorithm.ConsistentHash, "A keyed hash of the packet chooses; needs no state."),
            new("round-robin", Model.Algorithm.RoundRobin, "In turn; every flow is remembered."),
            new("weighted-round-robin", Model.Algorithm.WeightedRoundRobin, "In turn, by weight; every flow is remembered."),
            new("least-connections", Model.Algorithm.LeastConnections, "The one with the fewest remembered flows."),
            new("weighted-least-connections", Model.Algorithm.WeightedLeastConnections,
                "The one with the fewest remembered flows for its weight.")),
        Model.Algorithm.ConsistentHash, "How a server is chosen for a new flow.");

    public static readonly Key<HashFields> HashFields = Key<HashFields>.WithDefault("hashFields",
        new ChoiceKind<HashFields>(
            new("source-address", Model.HashFields.SourceAddress, "All connections of a client reach the same server."),
            new("source-address-and-port", Model.HashFields.SourceAddressAndPort, "Connections of a client spread."),
            new("five-tuple", Model.HashFields.FiveTuple, "The connections of a client spread over the servers."),
            new("destination-port", Model.HashFields.DestinationPort, "For services with many ports: each has its server.")),
        Model.HashFields.SourceAddress, "Which fields of a packet the hash covers.");

    public static readonly Key<int> Slots = Key<int>.WithDefault("slots", new IntegerKind(SlotCounts.All),
        SlotCounts.Default, "Size of the consistent-hash table, best a hundred per server or more. "
        + "Changing it moves most flows to other servers.");

    public static readonly Key<BoundMapping> Persistence = Key<BoundMapping>.Optional("persistence", PersistenceSchema.Kind,
        "A client keeps its server as long as it comes back in time.");

    public static readonly Key<int> MinServers = Key<int>.WithDefault("minServers",
        new IntegerKind(1, Limits.RealServers), 1, "Backup servers serve only while fewer than this many others can.");

    public static readonly Key<BoundMapping> Drain = Key<BoundMapping>.Optional("drain", DrainSchema.Kind,
        "How servers with the state draining end.");

    public static readonly Key<IReadOnlyList<Located<string>>> Monitors = Key<IReadOnlyList<Located<string>>>.Optional("monitors",
        new ValueListKind<string>("monitors", 0, Limits.MonitorsOfPool, TextKind.Name),
        "Names of the health monitors that watch every server. Without it: a connection to VIP and port through the DSR path, or, where "
        + "no service has TCP, an echo.");

    public static readonly Key<MinHealthyMonitors> MinHealthyMonitors = Key<MinHealthyMonitors>.WithDefault("minHealthyMonitors", new MinHealthyMonitorsKind(), Model.MinHealthyMonitors.All,
        "How many monitors of a server must be up: all, any, or { atLeast: 2 }.");

    public static readonly Key<BoundMapping> Admission = Key<BoundMapping>.Optional("admission", AdmissionSchema.Kind,
        "When a new or recovered server gets traffic.");

    public static readonly Key<bool> AllowUnverifiedDsrPath = Key<bool>.WithDefault("allowUnverifiedDsrPath", new BooleanKind(), false,
        "true: no monitor goes through the DSR path, and that is meant.");

    public static readonly Key<IReadOnlyList<BoundMapping>> Servers = Key<IReadOnlyList<BoundMapping>>.WithDefault(
        "servers", new ListKind("real servers", 0, Limits.RealServers, RealServerSchema.Kind), [],
        "The real servers.");

    public static readonly MappingKind Kind = new("a pool", "Real servers and how one is chosen.",
        Name, Algorithm, HashFields, Slots, Persistence, MinServers, Drain, Monitors, MinHealthyMonitors, Admission, AllowUnverifiedDsrPath, Servers);

    public static Pool Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Algorithm = m.Value(Algorithm),
        HashFields = m.Value(HashFields),
        Slots = m.Value(Slots),
        Persistence = m.Find(Persistence) is { } persistence ? PersistenceSchema.Build(persistence.Value) : null,
        MinServers = m.Value(MinServers),
        Drain = m.Find(Drain) is { } drain ? DrainSchema.Build(drain.Value) : Model.Drain.Default,
        Monitors = m.Find(Monitors) is { } monitors ? [.. monitors.Value.Select(static n => n.Value)] : null,
        MinHealthyMonitors = m.Value(MinHealthyMonitors),
        Admission = m.Find(Admission) is { } admission ? AdmissionSchema.Build(admission.Value) : Model.Admission.Default,
        Servers = [.. m.Items(Servers).Select(RealServerSchema.Build)],
    };
}

/// <summary>The mapping <c>persistence</c> of a pool.</summary>
internal static class PersistenceSchema
{
    public static readonly Key<int> Timeout = Key<int>.Mandatory("timeout", new IntegerKind(1, Limits.Seconds),
        "Seconds without a packet after which a client may get another server.");

    public static readonly Key<int> PrefixLength4 = Key<int>.WithDefault("prefixLength4", new IntegerKind(1, 32), 32,
        "Bits of an IPv4 source address that make one client; fewer where clients come by changing proxies.");

    public static readonly Key<int> PrefixLength6 = Key<int>.WithDefault("prefixLength6", new IntegerKind(1, 128), 128,
        "Bits of an IPv6 source address that make one client; 64 is one household or host.");

    public static readonly MappingKind Kind = new("the mapping persistence", "Clients that keep their server.",
        Timeout, PrefixLength4, PrefixLength6);

    public static Persistence Build(BoundMapping m) => new(m.Value(Timeout), m.Value(PrefixLength4), m.Value(PrefixLength6));
}

/// <summary>The mapping <c>drain</c> of a pool.</summary>
internal static class DrainSchema
{
    public static readonly Key<int> Deadline = Key<int>.WithDefault("deadline", new IntegerKind(1, Limits.Seconds),
        Drain.Default.DeadlineSeconds, "Seconds that a draining server keeps its flows.");

    public static readonly Key<DrainDeadlineAction> OnDeadline = Key<DrainDeadlineAction>.WithDefault("onDeadline",
        new ChoiceKind<DrainDeadlineAction>(
            new("keep", DrainDeadlineAction.Keep, "Remembered flows stay until they are idle; all others go elsewhere."),
            new("rehash", DrainDeadlineAction.Rehash, "All move to other servers, which will not know the connections."),
            new("reset", DrainDeadlineAction.Reset, "TCP clients get a reset and connect again; others move.")),
        Drain.Default.OnDeadline, "What happens then to the flows that are left.");

    public static readonly MappingKind Kind = new("the mapping drain", "How draining servers end.", Deadline, OnDeadline);

    public static Drain Build(BoundMapping m) => new(m.Value(Deadline), m.Value(OnDeadline));
}

/// <summary>The mapping <c>admission</c> of a pool.</summary>
internal static class AdmissionSchema
{
    public static readonly Key<int> GoodProbes = Key<int>.WithDefault("goodProbes", new IntegerKind(1, Limits.ProbesInARow),
        Admission.Default.GoodProbes, "Good probes in a row of every monitor that counts, before a new or recovered server gets traffic.");

    public static readonly Key<bool> RequireAgent = Key<bool>.WithDefault("requireAgent", new BooleanKind(), false,
        "true: and its agent reports it fit.");

    public static readonly MappingKind Kind = new("the mapping admission", "When a new or recovered server gets traffic.",
        GoodProbes, RequireAgent);

    public static Admission Build(BoundMapping m) => new(m.Value(GoodProbes), m.Value(RequireAgent));
}
