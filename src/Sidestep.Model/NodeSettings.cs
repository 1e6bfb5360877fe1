using System.Collections.Immutable;

namespace Sidestep.Model;

/// <summary>The settings of one director: its name, its hardware and its processes. Other directors of the group have
/// others.</summary>
public sealed record NodeSettings
{
    /// <summary>Names the pinned state of this director, so that several can run on one machine; 1 to 63 of
    /// <c>a-z 0-9 - _</c>.</summary>
    public string Name { get; init; } = "director";

    /// <summary>The interfaces on which traffic for the VIPs arrives; at least one.</summary>
    public required ImmutableArray<DirectorInterface> Interfaces { get; init; }

    /// <summary>The engine that forwards; by default, the daemon selects it.</summary>
    public EngineKind Engine { get; init; }

    /// <summary>The effect of SIGTERM on the program in the kernel.</summary>
    public ExitAction OnExit { get; init; } = ExitAction.Keep;

    /// <summary>The HTTPS API for agents; null: none.</summary>
    public ApiSettings? Api { get; init; }

    /// <summary>Where Prometheus reads metrics; null: nowhere.</summary>
    public MetricsSettings? Metrics { get; init; }

    /// <summary>Where metrics are exported to; null: nowhere.</summary>
    public OtlpSettings? Otlp { get; init; }

    /// <summary>Where operators on other machines reach the API; null: nowhere.</summary>
    public ManagementSettings? Management { get; init; }

    /// <summary>Folder under which the director pins its state. The daemon mounts a bpffs there if there is
    /// none.</summary>
    public string PinPath { get; init; } = "/sys/fs/bpf/sidestep";
}

/// <summary>One network interface of the director.</summary>
/// <param name="Name">The kernel's name, 1 to 15 characters.</param>
/// <param name="Driver">How the engine receives frames from it.</param>
public sealed record DirectorInterface(string Name, Driver Driver);

/// <summary>The engine that forwards: a program in the kernel, or code in the daemon.</summary>
public enum EngineKind
{
    /// <summary>The engine of the interfaces' drivers; otherwise XDP where it can be loaded, else the managed
    /// engine.</summary>
    Auto,

    /// <summary>The XDP program in the kernel.</summary>
    Xdp,

    /// <summary>The C# pipeline in the daemon.</summary>
    Managed,
}

/// <summary>How an engine receives frames from an interface.</summary>
public enum Driver
{
    /// <summary>The best driver of the engine that works; the status shows which.</summary>
    Auto,

    /// <summary>XDP in the device driver; an error if it has no XDP support.</summary>
    Native,

    /// <summary>XDP in the network stack, after the device driver: works with every device, but slower.</summary>
    Generic,

    /// <summary>The managed engine with AF_XDP sockets, to which an XDP program redirects frames.</summary>
    AfXdp,

    /// <summary>The managed engine with AF_PACKET sockets: works with every device.</summary>
    AfPacket,
}

/// <summary>Names of drivers and engines, as in the configuration file.</summary>
public static class DriverNames
{
    /// <summary>The name of a driver, such as <c>af-xdp</c>.</summary>
    public static string Name(this Driver driver) => driver switch
    {
        Driver.AfXdp => "af-xdp",
        Driver.AfPacket => "af-packet",
        _ => driver.ToString().ToLowerInvariant(),
    };

    /// <summary>The name of an engine, such as <c>managed</c>.</summary>
    public static string Name(this EngineKind engine) => engine.ToString().ToLowerInvariant();

    /// <summary>The engine of a driver; <see cref="EngineKind.Auto"/> for <see cref="Driver.Auto"/>, which both engines
    /// have.</summary>
    public static EngineKind Engine(this Driver driver) => driver switch
    {
        Driver.Auto => EngineKind.Auto,
        Driver.Native or Driver.Generic => EngineKind.Xdp,
        _ => EngineKind.Managed,
    };
}

/// <summary>The effect of SIGTERM on the program in the kernel.</summary>
public enum ExitAction
{
    /// <summary>The program stays and forwards; the next start adopts it.</summary>
    Keep,

    /// <summary>The daemon detaches the program and removes everything that it has pinned.</summary>
    Remove,
}
