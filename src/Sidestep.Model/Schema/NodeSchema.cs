using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The section <c>node</c>.</summary>
internal static class NodeSchema
{
    public static readonly Key<string> Name = Key<string>.WithDefault("name", TextKind.Name, "director",
        "Names the pinned state of this director, so that several directors can run on one machine.");

    public static readonly Key<IReadOnlyList<BoundMapping>> Interfaces = Key<IReadOnlyList<BoundMapping>>.Mandatory(
        "interfaces", new ListKind("interfaces", 1, Limits.Interfaces, InterfaceSchema.Kind),
        "The interfaces on which traffic for the VIPs arrives.");

    public static readonly Key<EngineKind> Engine = Key<EngineKind>.WithDefault("engine",
        new ChoiceKind<EngineKind>(
            new("auto", EngineKind.Auto,
                "The engine of the interfaces' drivers; otherwise xdp where it can be loaded, else managed."),
            new("xdp", EngineKind.Xdp,
                "The XDP program in the kernel: the fastest engine. It forwards while the daemon is stopped."),
            new("managed", EngineKind.Managed,
                "The C# pipeline in the daemon, for machines that cannot load XDP. It forwards only while the daemon "
                + "runs.")),
        EngineKind.Auto, "Which engine forwards packets.");

    public static readonly Key<ExitAction> OnExit = Key<ExitAction>.WithDefault("onExit",
        new ChoiceKind<ExitAction>(
            new("keep", ExitAction.Keep, "The program stays in the kernel and forwards; the next start adopts it."),
            new("remove", ExitAction.Remove,
                "The daemon detaches the program and removes everything that it has pinned.")),
        ExitAction.Keep, "What SIGTERM does with the program in the kernel.");

    public static readonly Key<string> PinPath = Key<string>.WithDefault("pinPath", TextKind.FolderPath,
        "/sys/fs/bpf/sidestep", "Folder on a BPF file system under which the director pins its state.");

    public static readonly Key<BoundMapping> Api = Key<BoundMapping>.Optional("api", ApiSchema.Kind,
        "The HTTPS API for agents. Without it, agents read their specs from local files.");

    public static readonly Key<BoundMapping> Metrics = Key<BoundMapping>.Optional("metrics", MetricsSchema.Kind,
        "Metrics for Prometheus. Without it, only the local socket has them.");

    public static readonly Key<BoundMapping> Otlp = Key<BoundMapping>.Optional("otlp", OtlpSchema.Kind,
        "Export of the metrics to a collector of OpenTelemetry. Without it, nothing is exported.");

    public static readonly Key<BoundMapping> Management = Key<BoundMapping>.Optional("management",
        ManagementSchema.Kind,
        "The API for operators on other machines. Without it, only the local socket offers it.");

    public static readonly MappingKind Kind = new("the section node",
        "This director: its name, interfaces and engine. Each director of a group has its own.",
        Name, Engine, Interfaces, OnExit, PinPath, Api, Metrics, Otlp, Management);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(NodeSettings node) => MappingNode.Of(
        Name.Write(node.Name),
        Engine.Write(node.Engine),
        Interfaces.WriteItems(node.Interfaces, InterfaceSchema.Write),
        OnExit.Write(node.OnExit),
        PinPath.Write(node.PinPath),
        Api.WriteMapping(node.Api is { } api ? ApiSchema.Write(api) : null),
        Metrics.WriteMapping(node.Metrics is { } metrics ? MetricsSchema.Write(metrics) : null),
        Otlp.WriteMapping(node.Otlp is { } otlp ? OtlpSchema.Write(otlp) : null),
        Management.WriteMapping(node.Management is { } management ? ManagementSchema.Write(management) : null));

    public static NodeSettings Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Engine = m.Value(Engine),
        Interfaces = [.. m.Items(Interfaces).Select(InterfaceSchema.Build)],
        OnExit = m.Value(OnExit),
        PinPath = m.Value(PinPath),
        Api = m.Find(Api) is { } api ? ApiSchema.Build(api.Value) : null,
        Metrics = m.Find(Metrics) is { } metrics ? MetricsSchema.Build(metrics.Value) : null,
        Otlp = m.Find(Otlp) is { } otlp ? OtlpSchema.Build(otlp.Value) : null,
        Management = m.Find(Management) is { } management ? ManagementSchema.Build(management.Value) : null,
    };
}

/// <summary>The schema of an item of <c>node.interfaces</c>.</summary>
internal static class InterfaceSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.InterfaceName,
        "The kernel's name of the interface.");

    public static readonly Key<Driver> Driver = Key<Driver>.WithDefault("driver",
        new ChoiceKind<Driver>(
            new("auto", Model.Driver.Auto,
                "The best driver of the engine that works; sidestep preflight says which, and why not a better one."),
            new("native", Model.Driver.Native, "Engine xdp, in the device driver; an error if it has no XDP support."),
            new("generic", Model.Driver.Generic,
                "Engine xdp, in the network stack: works with every device, but slower."),
            new("af-xdp", Model.Driver.AfXdp,
                "Engine managed, by AF_XDP sockets; an error if the kernel or the device does not support them."),
            new("af-packet", Model.Driver.AfPacket,
                "Engine managed, by AF_PACKET sockets: works with every device, without BPF.")),
        Model.Driver.Auto, "How the engine receives frames from the interface.");

    public static readonly MappingKind Kind = new("an interface", "An interface of the director.", Name, Driver);

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(DirectorInterface item) => MappingNode.Of(
        Name.Write(item.Name), Driver.Write(item.Driver));

    public static DirectorInterface Build(BoundMapping m) => new(m.Value(Name), m.Value(Driver));
}
