using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>The section <c>director</c>.</summary>
internal static class DirectorSchema
{
    public static readonly Key<string> Name = Key<string>.WithDefault("name", TextKind.Name, "director",
        "Names the state that this director pins, so that several can run on one machine.");

    public static readonly Key<IReadOnlyList<BoundMapping>> Interfaces = Key<IReadOnlyList<BoundMapping>>.Mandatory(
        "interfaces", new ListKind("interfaces", 1, Limits.Interfaces, InterfaceSchema.Kind),
        "The interfaces that traffic for the VIPs enters by.");

    public static readonly Key<EngineKind> Engine = Key<EngineKind>.WithDefault("engine",
        new ChoiceKind<EngineKind>(
            new("auto", EngineKind.Auto, "The one that the interfaces' drivers ask for; otherwise xdp where it can be loaded, else managed."),
            new("xdp", EngineKind.Xdp, "The program in the kernel: the fastest, and it goes on while the daemon is away."),
            new("managed", EngineKind.Managed, "The pipeline in C#, in the daemon: where XDP cannot be loaded. It forwards only while the daemon runs.")),
        EngineKind.Auto, "What forwards packets.");

    public static readonly Key<HashKey> HashKey = Key<HashKey>.Mandatory("hashKey", new HashKeyKind(),
        "The secret of the hash that spreads flows: 32 hexadecimal digits, the same on all directors of a group. "
        + "Make one with: openssl rand -hex 16");

    public static readonly Key<IReadOnlyList<Located<IPAddress>>> Peers =
        Key<IReadOnlyList<Located<IPAddress>>>.WithDefault("peers",
            new ValueListKind<IPAddress>("peers", 0, Limits.Peers, new AddressKind("the address of another director")), [],
            "Addresses of other directors: what one of them sent is delivered here and never balanced again. "
            + "Needed where a director is also a real server.");

    public static readonly Key<int> FlowTableSize = Key<int>.WithDefault("flowTableSize",
        new IntegerKind(1024, Limits.FlowTableSize), 262_144,
        "How many flows can be remembered at once: those in slots on their way to another server, and all of algorithms that need it. "
        + "128 bytes each, taken at the first start.");

    public static readonly Key<ExitAction> OnExit = Key<ExitAction>.WithDefault("onExit",
        new ChoiceKind<ExitAction>(
            new("keep", ExitAction.Keep, "The program stays in the kernel and forwards; the next start adopts it."),
            new("remove", ExitAction.Remove, "The program is detached and everything pinned is removed.")),
        ExitAction.Keep, "What SIGTERM does with the program in the kernel.");

    public static readonly Key<string> PinPath = Key<string>.WithDefault("pinPath", TextKind.FolderPath,
        "/sys/fs/bpf/sidestep", "Folder on a BPF file system below which the state is pinned.");

    public static readonly Key<BoundMapping> Api = Key<BoundMapping>.Optional("api", ApiSchema.Kind,
        "Where agents reach the director; without it, agents take their duties from a file.");

    public static readonly Key<BoundMapping> ConflictDetection = Key<BoundMapping>.Optional("conflictDetection", ConflictDetectionSchema.Kind,
        "What is done about others that answer for the director's VIPs.");

    public static readonly MappingKind Kind = new("the director", "The node that forwards.",
        Name, Engine, Interfaces, HashKey, Peers, FlowTableSize, OnExit, PinPath, Api, ConflictDetection);

    public static DirectorSettings Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Engine = m.Value(Engine),
        Interfaces = [.. m.Items(Interfaces).Select(InterfaceSchema.Build)],
        HashKey = m.Value(HashKey),
        Peers = [.. m.Value(Peers).Select(p => p.Value)],
        FlowTableSize = m.Value(FlowTableSize),
        OnExit = m.Value(OnExit),
        PinPath = m.Value(PinPath),
        Api = m.Find(Api) is { } api ? ApiSchema.Build(api.Value) : null,
        ConflictDetection = m.Find(ConflictDetection) is { } conflictDetection ? ConflictDetectionSchema.Build(conflictDetection.Value) : new ConflictDetectionSettings(),
    };
}

/// <summary>An item of <c>director.interfaces</c>.</summary>
internal static class InterfaceSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.InterfaceName,
        "The kernel's name of the interface.");

    public static readonly Key<Driver> Driver = Key<Driver>.WithDefault("driver",
        new ChoiceKind<Driver>(
            new("auto", Model.Driver.Auto, "The best of the engine's that works; sidestep preflight says which, and why not a better one."),
            new("native", Model.Driver.Native, "Engine xdp, in the driver; an error if it cannot."),
            new("generic", Model.Driver.Generic, "Engine xdp, in the network stack: with every driver, but slower."),
            new("af-xdp", Model.Driver.AfXdp, "Engine managed, by AF_XDP sockets; an error if the kernel or the device cannot."),
            new("af-packet", Model.Driver.AfPacket, "Engine managed, by packet sockets: on every interface, without BPF.")),
        Model.Driver.Auto, "How frames are taken from the interface.");

    public static readonly MappingKind Kind = new("an interface", "An interface of the director.", Name, Driver);

    public static DirectorInterface Build(BoundMapping m) => new(m.Value(Name), m.Value(Driver));
}
