using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>Which engine forwards.</summary>
internal static class EngineSelector
{
    /// <summary>The engine that a configuration asks for, in words or by its drivers; automatic: it does not matter to it.</summary>
    internal static EngineKind RequestedBy(DirectorSettings director) => director.Engine != EngineKind.Auto ? director.Engine
        : director.Interfaces.Select(static i => i.Driver.Engine()).FirstOrDefault(static e => e != EngineKind.Auto);

    /// <summary>The one that is wanted; of automatic choice, XDP where it works.</summary>
    /// <returns>It, and what there is to know of why.</returns>
    /// <exception cref="EngineException">It cannot run here; says what to do.</exception>
    internal static (EngineKind Engine, string[] Notes) Select(DirectorSettings director)
    {
        var requested = RequestedBy(director);
        if (requested == EngineKind.Managed)
            return (requested, []);
        if (requested == EngineKind.Auto && NoXdpReason(director) is { } why)
            return (EngineKind.Managed, [$"engine managed, which forwards only while the daemon runs: {why}"]);
        XdpEngine.CheckMachine();
        return (EngineKind.Xdp, []);
    }

    /// <summary>Opens it.</summary>
    /// <exception cref="EngineException">It cannot run here; says what to do.</exception>
    internal static DirectorEngine Open(DirectorSettings director, (EngineKind Engine, string[] Notes) decision) => decision.Engine == EngineKind.Managed
        ? new ManagedDirectorEngine(director, decision.Notes)
        : new XdpDirectorEngine(XdpEngine.Open(director.PinPath, director.Name, director.FlowTableSize), DaemonReport.PersistentStatePrefix(director));

    /// <summary>By the judgement that sidestep preflight shows; null: XDP works. An interface that is not there yet stands in no way.</summary>
    private static string? NoXdpReason(DirectorSettings director)
    {
        foreach (var name in director.Interfaces.Select(static i => i.Name))
        {
            var capabilities = InterfaceCapabilitiesReader.Read(name);
            var selection = DriverSelection.Of(capabilities);
            if (capabilities.OtherInterfaces is null && selection.Engine == EngineKind.Managed)
                return $"XDP does not work on {name}: {selection.RejectionReason(EngineKind.Xdp)}";
        }
        return null;
    }

    /// <summary>What the engine lacks that a configuration needs; null: nothing.</summary>
    internal static string? RejectionReason(DirectorEngine engine, Configuration configuration)
    {
        if (RequestedBy(configuration.Director) is var requested && requested != EngineKind.Auto && requested != engine.Kind)
            return $"the {requested.Name()} engine is wanted, and the {engine.Kind.Name()} engine runs: engines change when the daemon starts. Restart it";
        if (engine.NoProbesReason is { } why && configuration.Pools.FirstOrDefault(p => IsProbed(configuration, p)) is { } pool)
            return $"the {engine.Kind.Name()} engine sends probes through the encapsulation by a BPF program, which cannot be loaded here ({why}): "
                + $"give the pool '{pool.Name}' allowUnverifiedDsrPath: true, with monitors: [] or monitors of the servers' own addresses, or remove what stands in the way";
        return null;
    }

    private static bool IsProbed(Configuration configuration, Pool pool) => pool.Monitors is not { } names
        || configuration.HealthMonitors.Any(m => names.Contains(m.Name) && m.Probe != ProbePath.Server);
}
