using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of an item of <c>servers</c> in a pool.</summary>
internal static class RealServerSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name, "Unique within the pool.");

    public static readonly Key<IPAddress> Address = Key<IPAddress>.Mandatory("address",
        new AddressKind("the address of a real server"),
        "The server's own address, not the VIP. Its family may differ from the VIP's.");

    public static readonly Key<int> Port = Key<int>.Optional("port", new IntegerKind(1, 65535),
        "Not needed: a real server always listens on the port of the service. Another port is an error.");

    public static readonly Key<int> Weight = Key<int>.WithDefault("weight", new IntegerKind(0, Limits.Weight), 1,
        "Share of new flows relative to the other servers of the pool; with 0 the server gets none.");

    public static readonly Key<ServerState> State = Key<ServerState>.WithDefault("state",
        new ChoiceKind<ServerState>(
            new("enabled", ServerState.Enabled, "The server gets new flows."),
            new("draining", ServerState.Draining,
                "The server keeps its flows and gets no new ones, until the drain deadline of the pool."),
            new("disabled", ServerState.Disabled, "The server leaves at once; its flows move to other servers.")),
        ServerState.Enabled, "Whether the server gets new flows.");

    public static readonly Key<bool> Backup = Key<bool>.WithDefault("backup", new BooleanKind(), false,
        "true: the server gets flows only while the pool has too few other servers, see minServers.");

    public static readonly Key<Encapsulation> Encapsulation = Key<Encapsulation>.Optional("encapsulation",
        NetworkProfileSchema.Encapsulations,
        "Overrides the outer header of the profile, for a server that supports only this one.");

    public static readonly Key<OperatingSystemKind> Os = Key<OperatingSystemKind>.WithDefault("os",
        new ChoiceKind<OperatingSystemKind>(
            new("linux", OperatingSystemKind.Linux, "Linux, or a system with the same capabilities."),
            new("windows", OperatingSystemKind.Windows, "Windows: at layer 2 only, because it does not decapsulate.")),
        OperatingSystemKind.Linux, "The operating system of the server.");

    public static readonly MappingKind Kind = new("a real server", "A member of a pool.",
        Name, Address, Port, Weight, State, Backup, Encapsulation, Os, MetadataSchema.Labels,
        MetadataSchema.Annotations);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(RealServer server) => MappingNode.Of(
        Name.Write(server.Name),
        Address.Write(server.Address),
        Weight.Write(server.Weight),
        State.Write(server.State),
        Backup.Write(server.Backup),
        Encapsulation.WriteOptional(server.Encapsulation),
        Os.Write(server.Os),
        MetadataSchema.WriteLabels(server.Metadata),
        MetadataSchema.WriteAnnotations(server.Metadata));

    public static RealServer Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Metadata = MetadataSchema.Build(m),
        Address = m.Value(Address),
        Weight = m.Value(Weight),
        State = m.Value(State),
        Backup = m.Value(Backup),
        Encapsulation = m.Find(Encapsulation)?.Value,
        Os = m.Value(Os),
    };
}
