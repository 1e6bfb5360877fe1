using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>Selects the engine that forwards.</summary>
internal static class EngineSelector
{
    /// <summary>The engine that a configuration requests, by <c>engine</c> or by its drivers;
    /// <see cref="EngineKind.Auto"/>: none.</summary>
    internal static EngineKind RequestedBy(NodeSettings node) => node.Engine != EngineKind.Auto
        ? node.Engine
        : node.Interfaces.Select(static i => i.Driver.Engine()).FirstOrDefault(static e => e != EngineKind.Auto);

    /// <summary>Selects the requested engine. Without a request: XDP where it works, otherwise the managed
    /// engine.</summary>
    /// <param name="node">The interfaces, and what is requested.</param>
    /// <param name="read">Reads the capabilities of an interface.</param>
    /// <param name="checkXdp">Throws when this machine cannot run the XDP engine.</param>
    /// <returns>The engine, and a note for status if the choice needs an explanation.</returns>
    /// <exception cref="EngineException">The engine cannot run here; the message says what to do.</exception>
    internal static (EngineKind Engine, string[] Notes) Select(
        NodeSettings node, Func<string, InterfaceCapabilities> read, Action checkXdp)
    {
        var requested = RequestedBy(node);
        if (requested == EngineKind.Managed)
            return (requested, []);
        if (requested == EngineKind.Auto && NoXdpReason(node, read) is { } why)
            return (EngineKind.Managed, [$"engine managed, which forwards only while the daemon runs: {why}"]);
        checkXdp();
        return (EngineKind.Xdp, []);
    }

    /// <summary>Opens the selected engine.</summary>
    /// <exception cref="EngineException">The engine cannot run here; the message says what to do.</exception>
    internal static DirectorEngine Open(NodeSettings node, int flowTableSize,
        (EngineKind Engine, string[] Notes) selection, ILogger log) =>
        selection.Engine == EngineKind.Managed
            ? new ManagedDirectorEngine(node, flowTableSize, selection.Notes, log)
            : new XdpDirectorEngine(XdpEngine.Open(node.PinPath, node.Name, flowTableSize), node, log);

    /// <summary>Why the XDP engine cannot use an interface, by the rules of <c>sidestep preflight</c>; null: it can. An
    /// interface that does not exist yet is no reason.</summary>
    private static string? NoXdpReason(NodeSettings node, Func<string, InterfaceCapabilities> read)
    {
        foreach (var name in node.Interfaces.Select(static i => i.Name))
        {
            var capabilities = read(name);
            var selection = DriverSelection.Of(capabilities);
            if (capabilities.OtherInterfaces is null && selection.Engine == EngineKind.Managed)
                return $"XDP does not work on {name}: {selection.RejectionReason(EngineKind.Xdp)}";
        }
        return null;
    }

    /// <summary>Why a configuration cannot be applied by the running engine; null: it can.</summary>
    internal static string? RejectionReason(DirectorEngine engine, Configuration configuration)
    {
        if (RequestedBy(configuration.Node) is var requested && requested != EngineKind.Auto
            && requested != engine.Kind)
        {
            return $"the configuration requests the {requested.Name()} engine, but the {engine.Kind.Name()} engine is "
                + "running: the engine can only change at the start. Restart the daemon";
        }
        if (engine.NoProbesReason is { } why
            && configuration.Pools.FirstOrDefault(p => IsProbed(configuration, p)) is { } pool)
        {
            return $"the {engine.Kind.Name()} engine sends probes through the encapsulation by a BPF program, which "
                + $"cannot be loaded here ({why}): give the pool '{pool.Name}' allowUnverifiedDsrPath: true, with "
                + "monitors: [] or monitors with probe: server, or remove the obstacle";
        }
        return null;
    }

    private static bool IsProbed(Configuration configuration, Pool pool) => pool.Monitors is not { } names
        || configuration.HealthMonitors.Any(m => names.Contains(m.Name) && m.Probe != ProbePath.Server);
}
