using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>Which engine forwards.</summary>
internal static class EngineChoice
{
    /// <summary>The engine that a configuration asks for, in words or by its drivers; automatic: it does not matter to it.</summary>
    internal static EngineKind WantedBy(DirectorSettings director) => director.Engine != EngineKind.Auto ? director.Engine
        : director.Interfaces.Select(static i => i.Driver.Engine()).FirstOrDefault(static e => e != EngineKind.Auto);

    /// <summary>Opens the one that is wanted; of automatic choice, XDP where it can be loaded.</summary>
    /// <exception cref="EngineException">It cannot run here; says what to do.</exception>
    internal static DirectorEngine Open(DirectorSettings director)
    {
        var wanted = WantedBy(director);
        if (wanted == EngineKind.Managed)
            return new ManagedDirectorEngine(director, []);
        try
        {
            XdpEngine.CheckMachine();
        }
        catch (EngineException e) when (wanted == EngineKind.Auto)
        {
            return new ManagedDirectorEngine(director, [$"engine managed, which forwards only while the daemon runs, because XDP cannot be loaded: {e.Message}"]);
        }
        return new XdpDirectorEngine(XdpEngine.Open(director.PinPath, director.Name, director.RememberedFlows));
    }

    /// <summary>What the engine lacks that a configuration needs; null: nothing.</summary>
    internal static string? Refusal(DirectorEngine engine, Configuration configuration)
    {
        if (WantedBy(configuration.Director) is var wanted && wanted != EngineKind.Auto && wanted != engine.Kind)
            return $"the {wanted.Name()} engine is wanted, and the {engine.Kind.Name()} engine runs: engines change when the daemon starts. Restart it";
        if (engine.WhyNoProbes is { } why && configuration.Pools.FirstOrDefault(p => IsProbed(configuration, p)) is { } pool)
            return $"the {engine.Kind.Name()} engine sends probes through the encapsulation by a BPF program, which cannot be loaded here ({why}): "
                + $"give the pool '{pool.Name}' dsrPathUnproven: true, with monitors: [] or monitors of the servers' own addresses, or remove what stands in the way";
        return null;
    }

    private static bool IsProbed(Configuration configuration, Pool pool) => pool.Monitors is not { } names
        || configuration.HealthMonitors.Any(m => names.Contains(m.Name) && m.Probe != ProbeWay.Server);
}
