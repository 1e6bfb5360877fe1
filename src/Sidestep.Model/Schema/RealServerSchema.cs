using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>An item of <c>servers</c> in a pool.</summary>
internal static class RealServerSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name, "Unique within the pool.");

    public static readonly Key<IPAddress> Address = Key<IPAddress>.Mandatory("address",
        new AddressKind("the address of a real server"), "The server's own address, not the VIP, of either family.");

    public static readonly Key<int> Port = Key<int>.Optional("port", new IntegerKind(1, 65535),
        "Not needed: a real server always listens on the port of the service. Another port is refused.");

    public static readonly Key<int> Weight = Key<int>.WithDefault("weight", new IntegerKind(0, Limits.Weight), 1,
        "Share of the traffic relative to the other servers of the pool; 0 takes none.");

    public static readonly Key<ServerState> State = Key<ServerState>.WithDefault("state",
        new ChoiceKind<ServerState>(
            new("enabled", ServerState.Enabled, "Takes flows."),
            new("draining", ServerState.Draining, "Keeps what it has and takes nothing new, until the pool's drain deadline."),
            new("disabled", ServerState.Disabled, "Out at once; its flows move.")),
        ServerState.Enabled, "Whether the server takes flows.");

    public static readonly Key<bool> Backup = Key<bool>.WithDefault("backup", new BooleanKind(), false,
        "true: serves only while the pool has too few others, see minServers.");

    public static readonly Key<Encapsulation> Encapsulation = Key<Encapsulation>.Optional("encapsulation",
        NetworkProfileSchema.Encapsulations, "Another outer header than the profile says, for a server that can only that.");

    public static readonly Key<OperatingSystemKind> Os = Key<OperatingSystemKind>.WithDefault("os",
        new ChoiceKind<OperatingSystemKind>(
            new("linux", OperatingSystemKind.Linux, "Linux, or what does the same."),
            new("windows", OperatingSystemKind.Windows, "Windows: at layer 2 only.")),
        OperatingSystemKind.Linux, "What the server runs.");

    public static readonly MappingKind Kind = new("a real server", "A member of a pool.",
        Name, Address, Port, Weight, State, Backup, Encapsulation, Os)
    {
        RemovedKeys = [("enabled", new Problem("a server has a state instead of this flag",
            "Write state: enabled, state: draining or state: disabled"))],
    };

    public static RealServer Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Address = m.Value(Address),
        Weight = m.Value(Weight),
        State = m.Value(State),
        Backup = m.Value(Backup),
        Encapsulation = m.Find(Encapsulation)?.Value,
        Os = m.Value(Os),
    };
}
