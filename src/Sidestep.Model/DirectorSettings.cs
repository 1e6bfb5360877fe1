using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>The node that forwards.</summary>
public sealed record DirectorSettings
{
    /// <summary>Names this director's pinned state, so that several can run on one machine; 1 to 63 of <c>a-z 0-9 - _</c>.</summary>
    public string Name { get; init; } = "director";

    /// <summary>The interfaces that VIP traffic enters by; at least one.</summary>
    public required ImmutableArray<DirectorInterface> Interfaces { get; init; }

    /// <summary>What forwards.</summary>
    public EngineKind Engine { get; init; }

    /// <summary>The key of the flow hash. Every director of a group has the same, or flows break when they move.</summary>
    public required HashKey HashKey { get; init; }

    /// <summary>Addresses of other directors, so that what one of them sent is delivered here and never balanced again
    /// (needed where a director is also a real server).</summary>
    public ImmutableArray<IPAddress> Peers { get; init; } = [];

    /// <summary>How many flows can be remembered at once, where they have to be. The memory is taken at the first start.</summary>
    public int FlowTableSize { get; init; } = 262_144;

    /// <summary>What SIGTERM does with the program in the kernel.</summary>
    public ExitAction OnExit { get; init; } = ExitAction.Keep;

    /// <summary>Where agents reach the director; null: they do not.</summary>
    public ApiSettings? Api { get; init; }

    /// <summary>What is done about others that answer for the VIPs.</summary>
    public ConflictDetectionSettings ConflictDetection { get; init; } = new();

    /// <summary>Folder below which state is pinned; a bpffs is mounted there when there is none.</summary>
    public string PinPath { get; init; } = "/sys/fs/bpf/sidestep";
}

/// <summary>One network interface of the director.</summary>
/// <param name="Name">The kernel's name, 1 to 15 characters.</param>
/// <param name="Driver">How frames are taken from it.</param>
public sealed record DirectorInterface(string Name, Driver Driver);

/// <summary>What forwards.</summary>
public enum EngineKind
{
    /// <summary>The one that the drivers ask for; otherwise XDP where it can be loaded, else the managed one.</summary>
    Auto,

    /// <summary>The program in the kernel.</summary>
    Xdp,

    /// <summary>The pipeline in C#.</summary>
    Managed,
}

/// <summary>How frames are taken from an interface.</summary>
public enum Driver
{
    /// <summary>The best of the engine's that works; status shows which.</summary>
    Auto,

    /// <summary>XDP in the driver; an error if it cannot.</summary>
    Native,

    /// <summary>XDP in the network stack, after the driver: works everywhere, slower.</summary>
    Generic,

    /// <summary>The managed engine, by sockets that XDP hands frames to (AF_XDP).</summary>
    AfXdp,

    /// <summary>The managed engine, by packet sockets (AF_PACKET): on every interface.</summary>
    AfPacket,
}

/// <summary>Names of drivers and engines as the configuration has them.</summary>
public static class DriverNames
{
    /// <summary>Its name.</summary>
    public static string Name(this Driver driver) => driver switch
    {
        Driver.AfXdp => "af-xdp",
        Driver.AfPacket => "af-packet",
        _ => driver.ToString().ToLowerInvariant(),
    };

    /// <summary>Its name.</summary>
    public static string Name(this EngineKind engine) => engine.ToString().ToLowerInvariant();

    /// <summary>The engine that it belongs to; automatic choice belongs to either.</summary>
    public static EngineKind Engine(this Driver driver) => driver switch
    {
        Driver.Auto => EngineKind.Auto,
        Driver.Native or Driver.Generic => EngineKind.Xdp,
        _ => EngineKind.Managed,
    };
}

/// <summary>What SIGTERM does with the program in the kernel.</summary>
public enum ExitAction
{
    /// <summary>It stays and forwards; the next start adopts it.</summary>
    Keep,

    /// <summary>It is detached and everything pinned is removed.</summary>
    Remove,
}
