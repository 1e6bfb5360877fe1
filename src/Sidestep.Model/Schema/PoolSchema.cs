using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of an item of <c>pools</c>.</summary>
internal static class PoolSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name, "Unique among the pools.");

    public static readonly Key<Algorithm> Algorithm = Key<Algorithm>.WithDefault("algorithm",
        new ChoiceKind<Algorithm>(
            new("consistent-hash", Model.Algorithm.ConsistentHash,
                "A keyed hash of the packet chooses a slot; needs no state."),
            new("round-robin", Model.Algorithm.RoundRobin, "Each server in turn; the director tracks every flow."),
            new("weighted-round-robin", Model.Algorithm.WeightedRoundRobin,
                "Each server in turn, by weight; the director tracks every flow."),
            new("least-connections", Model.Algorithm.LeastConnections,
                "The server with the fewest tracked flows."),
            new("weighted-least-connections", Model.Algorithm.WeightedLeastConnections,
                "The server with the fewest tracked flows for its weight.")),
        Model.Algorithm.ConsistentHash, "How the director chooses a server for a new flow.");

    public static readonly Key<HashFields> HashFields = Key<HashFields>.WithDefault("hashFields",
        new ChoiceKind<HashFields>(
            new("source-address", Model.HashFields.SourceAddress,
                "All connections of a client go to the same server."),
            new("source-address-and-port", Model.HashFields.SourceAddressAndPort,
                "The connections of a client spread over the servers; the destination does not count."),
            new("five-tuple", Model.HashFields.FiveTuple,
                "Both addresses, both ports and the protocol: the connections of a client spread over the servers."),
            new("destination-port", Model.HashFields.DestinationPort,
                "Each port has its server, for services with many ports.")),
        Model.HashFields.SourceAddress, "Which fields of a packet the hash covers.");

    public static readonly Key<bool> FragmentTracking = Key<bool>.WithDefault("fragmentTracking", new BooleanKind(),
        true, "false: the hash of fragments covers the source address alone, so that a later fragment may arrive "
        + "before the first one.");

    public static readonly Key<int> Slots = Key<int>.WithDefault("slots", new IntegerKind(SlotCounts.All),
        SlotCounts.Default, "Slots of the consistent-hash table; a hundred or more per server are best. "
        + "A change moves most flows to other servers.");

    public static readonly Key<BoundMapping> Persistence = Key<BoundMapping>
        .Optional("persistence", PersistenceSchema.Kind,
        "A client keeps its server while it returns within a timeout.");

    public static readonly Key<int> MinServers = Key<int>.WithDefault("minServers",
        new IntegerKind(1, Limits.RealServers), 1,
        "Backup servers get flows only while fewer than this many other servers can.");

    public static readonly Key<BoundMapping> Drain = Key<BoundMapping>.Optional("drain", DrainSchema.Kind,
        "What happens to the flows of servers with state: draining.");

    public static readonly Key<bool> FallbackToDraining = Key<bool>
        .WithDefault("fallbackToDraining", new BooleanKind(), false,
        "true: while no other server gets new flows, healthy servers with state: draining do.");

    public static readonly Key<IReadOnlyList<Located<string>>> Monitors = Key<IReadOnlyList<Located<string>>>
        .Optional("monitors",
        new ValueListKind<string>("monitors", 0, Limits.MonitorsOfPool, TextKind.Name),
        "Names of the health monitors that probe every server. Without the key: a TCP connection to VIP and port "
        + "through the DSR path, or an ICMP echo for VIPs without a TCP service.");

    public static readonly Key<MinHealthyMonitors> MinHealthyMonitors = Key<MinHealthyMonitors>.WithDefault(
        "minHealthyMonitors", new MinHealthyMonitorsKind(), Model.MinHealthyMonitors.All,
        "How many monitors of a server must be up: all, or a number. The DSR path must be up in any case.");

    public static readonly Key<int> PanicThreshold = Key<int>.WithDefault("panicThreshold", new IntegerKind(0, 100),
        Pool.DefaultPanicThreshold,
        "Percentage of servers. While fewer of those that were healthy still are, unhealthy servers that answer from "
        + "the VIP get new flows, too; 0: never.");

    public static readonly Key<HealthScope> HealthScope = Key<HealthScope>.WithDefault("healthScope",
        new ChoiceKind<HealthScope>(
            new("auto", Model.HealthScope.Auto,
                $"Like service while the pool has at most {Limits.ServicesWithOwnHealth} services, otherwise like "
                + "pool."),
            new("service", Model.HealthScope.Service,
                "A server leaves the services whose checks fail, and serves the others. Each service of the pool has "
                + "its own slot table."),
            new("pool", Model.HealthScope.Pool,
                "A server leaves all services of the pool when a check of one of them fails. They share a slot "
                + "table.")),
        Model.HealthScope.Auto, "What the health of a server is judged for.");

    public static readonly Key<BoundMapping> Admission = Key<BoundMapping>.Optional("admission", AdmissionSchema.Kind,
        "What a new or recovered server needs, beside its monitors, before it gets traffic.");

    public static readonly Key<bool> AllowUnverifiedDsrPath = Key<bool>
        .WithDefault("allowUnverifiedDsrPath", new BooleanKind(), false,
        "true: the pool may be without a monitor that probes the DSR path.");

    public static readonly Key<IReadOnlyList<BoundMapping>> Servers = Key<IReadOnlyList<BoundMapping>>.WithDefault(
        "servers", new ListKind("real servers", 0, Limits.RealServers, RealServerSchema.Kind), [],
        "The real servers.");

    public static readonly MappingKind Kind = new("a pool", "Real servers, and how the director chooses one.",
        Name, Algorithm, HashFields, FragmentTracking, Slots, Persistence, MinServers, Drain, FallbackToDraining,
        Monitors, MinHealthyMonitors, PanicThreshold, HealthScope, Admission, AllowUnverifiedDsrPath,
        MetadataSchema.Labels, MetadataSchema.Annotations, Servers);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(Pool pool) => MappingNode.Of(
        Name.Write(pool.Name),
        Algorithm.Write(pool.Algorithm),
        HashFields.Write(pool.HashFields),
        FragmentTracking.Write(pool.FragmentTracking),
        Slots.Write(pool.Slots),
        Persistence.WriteMapping(pool.Persistence is { } persistence ? PersistenceSchema.Write(persistence) : null),
        MinServers.Write(pool.MinServers),
        Drain.WriteUnlessEmpty(DrainSchema.Write(pool.Drain)),
        FallbackToDraining.Write(pool.FallbackToDraining),
        Monitors.WriteValues(pool.Monitors),
        MinHealthyMonitors.Write(pool.MinHealthyMonitors),
        PanicThreshold.Write(pool.PanicThreshold),
        HealthScope.Write(pool.HealthScope),
        Admission.WriteUnlessEmpty(AdmissionSchema.Write(pool.Admission)),
        AllowUnverifiedDsrPath.Write(pool.AllowUnverifiedDsrPath),
        MetadataSchema.WriteLabels(pool.Metadata),
        MetadataSchema.WriteAnnotations(pool.Metadata),
        Servers.WriteItems(pool.Servers, RealServerSchema.Write));

    public static Pool Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Metadata = MetadataSchema.Build(m),
        Algorithm = m.Value(Algorithm),
        HashFields = m.Value(HashFields),
        FragmentTracking = m.Value(FragmentTracking),
        Slots = m.Value(Slots),
        Persistence = m.Find(Persistence) is { } persistence ? PersistenceSchema.Build(persistence.Value) : null,
        MinServers = m.Value(MinServers),
        Drain = m.Find(Drain) is { } drain ? DrainSchema.Build(drain.Value) : Model.Drain.Default,
        FallbackToDraining = m.Value(FallbackToDraining),
        Monitors = m.Find(Monitors) is { } monitors ? [.. monitors.Value.Select(static n => n.Value)] : null,
        MinHealthyMonitors = m.Value(MinHealthyMonitors),
        PanicThreshold = m.Value(PanicThreshold),
        HealthScope = m.Value(HealthScope),
        AllowUnverifiedDsrPath = m.Value(AllowUnverifiedDsrPath),
        Admission = m.Find(Admission) is { } admission ? AdmissionSchema.Build(admission.Value)
            : Model.Admission.Default,
        Servers = [.. m.Items(Servers).Select(RealServerSchema.Build)],
    };
}

/// <summary>The mapping <c>persistence</c> of a pool.</summary>
internal static class PersistenceSchema
{
    public static readonly Key<int> Timeout = Key<int>.Mandatory("timeout", new IntegerKind(1, Limits.Seconds),
        "Seconds without a packet after which a client may get another server.");

    public static readonly Key<int> PrefixLength4 = Key<int>.WithDefault("prefixLength4", new IntegerKind(1, 32), 32,
        "Leading bits of an IPv4 source address that identify a client; fewer where clients use changing proxies.");

    public static readonly Key<int> PrefixLength6 = Key<int>.WithDefault("prefixLength6", new IntegerKind(1, 128), 128,
        "Leading bits of an IPv6 source address that identify a client; 64 is one host or household.");

    public static readonly MappingKind Kind = new("the mapping persistence",
        "Source persistence: a client keeps its server.",
        Timeout, PrefixLength4, PrefixLength6);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(Persistence persistence) => MappingNode.Of(
        Timeout.Write(persistence.TimeoutSeconds), PrefixLength4.Write(persistence.PrefixLength4),
        PrefixLength6.Write(persistence.PrefixLength6));

    public static Persistence Build(BoundMapping m) =>
        new(m.Value(Timeout), m.Value(PrefixLength4), m.Value(PrefixLength6));
}

/// <summary>The mapping <c>drain</c> of a pool.</summary>
internal static class DrainSchema
{
    public static readonly Key<int> Deadline = Key<int>.WithDefault("deadline", new IntegerKind(1, Limits.Seconds),
        Drain.Default.DeadlineSeconds, "Seconds for which a draining server keeps its flows.");

    public static readonly Key<DrainDeadlineAction> OnDeadline = Key<DrainDeadlineAction>.WithDefault("onDeadline",
        new ChoiceKind<DrainDeadlineAction>(
            new("keep", DrainDeadlineAction.Keep, "Tracked flows stay until they are idle; all others move."),
            new("rehash", DrainDeadlineAction.Rehash,
                "All flows move to other servers, which do not know the connections."),
            new("reset", DrainDeadlineAction.Reset, "TCP clients get a reset and reconnect; all other flows move.")),
        Drain.Default.OnDeadline, "What happens at the deadline to the flows that are left.");

    public static readonly MappingKind Kind = new("the mapping drain",
        "What happens to the flows of draining servers.", Deadline, OnDeadline);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(Drain drain) => MappingNode.Of(
        Deadline.Write(drain.DeadlineSeconds), OnDeadline.Write(drain.OnDeadline));

    public static Drain Build(BoundMapping m) => new(m.Value(Deadline), m.Value(OnDeadline));
}

/// <summary>The mapping <c>admission</c> of a pool.</summary>
internal static class AdmissionSchema
{
    public static readonly Key<bool> RequireAgent = Key<bool>.WithDefault("requireAgent", new BooleanKind(), false,
        "true: the server's agent must also report it healthy.");

    public static readonly MappingKind Kind = new("the mapping admission",
        "What a new or recovered server needs, beside its monitors, before it gets traffic.", RequireAgent);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(Admission admission) => MappingNode.Of(
        RequireAgent.Write(admission.RequireAgent));

    public static Admission Build(BoundMapping m) => new(m.Value(RequireAgent));
}
