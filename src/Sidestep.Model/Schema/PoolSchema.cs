using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>An item of <c>pools</c>.</summary>
internal static class PoolSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name, "Unique among the pools.");

    public static readonly Key<Algorithm> Algorithm = Key<Algorithm>.WithDefault("algorithm",
        new ChoiceKind<Algorithm>(
            new Choice<Algorithm>("consistent-hash", Model.Algorithm.ConsistentHash, "A keyed hash of the packet chooses the server.")),
        Model.Algorithm.ConsistentHash, "How a server is chosen for a packet.");

    public static readonly Key<HashFields> HashFields = Key<HashFields>.WithDefault("hashFields",
        new ChoiceKind<HashFields>(
            new("source-address", Model.HashFields.SourceAddress, "All connections of a client reach the same server."),
            new("five-tuple", Model.HashFields.FiveTuple, "The connections of a client spread over the servers.")),
        Model.HashFields.SourceAddress, "Which fields of a packet the hash covers.");

    public static readonly Key<int> Slots = Key<int>.WithDefault("slots", new NumberKind(SlotCounts.All),
        SlotCounts.Default, "Size of the consistent-hash table, best a hundred per server or more. "
        + "Changing it moves most flows to other servers.");

    public static readonly Key<IReadOnlyList<BoundMapping>> Servers = Key<IReadOnlyList<BoundMapping>>.WithDefault(
        "servers", new ListKind("real servers", 0, Limits.RealServers, RealServerSchema.Kind), [],
        "The real servers.");

    public static readonly MappingKind Kind = new("a pool", "Real servers and how one is chosen.",
        Name, Algorithm, HashFields, Slots, Servers);

    public static Pool Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Algorithm = m.Value(Algorithm),
        HashFields = m.Value(HashFields),
        Slots = m.Value(Slots),
        Servers = [.. m.Items(Servers).Select(RealServerSchema.Build)],
    };
}

/// <summary>An item of <c>servers</c> in a pool.</summary>
internal static class RealServerSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name, "Unique within the pool.");

    public static readonly Key<IPAddress> Address = Key<IPAddress>.Mandatory("address",
        new AddressKind("the address of a real server"), "The server's own IPv4 address, not the VIP.");

    public static readonly Key<int> Port = Key<int>.Optional("port", new NumberKind(1, 65535),
        "Not needed: a real server always listens on the port of the service. Another port is refused.");

    public static readonly Key<int> Weight = Key<int>.WithDefault("weight", new NumberKind(0, Limits.Weight), 1,
        "Share of the traffic relative to the other servers of the pool; 0 takes none.");

    public static readonly Key<bool> Enabled = Key<bool>.WithDefault("enabled", new FlagKind(), true,
        "false takes the server out of service without removing it from the file.");

    public static readonly MappingKind Kind = new("a real server", "A member of a pool.",
        Name, Address, Port, Weight, Enabled);

    public static RealServer Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Address = m.Value(Address),
        Weight = m.Value(Weight),
        State = m.Value(Enabled) ? ServerState.Enabled : ServerState.Disabled,
    };
}
