using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>Which engine forwards.</summary>
internal static class EngineChoice
{
    /// <summary>The engine that a configuration asks for, in words or by its drivers; automatic: it does not matter to it.</summary>
    internal static EngineKind WantedBy(DirectorSettings director) => director.Engine != EngineKind.Auto ? director.Engine
        : director.Interfaces.Select(static i => i.Driver.Engine()).FirstOrDefault(static e => e != EngineKind.Auto);

    /// <summary>The one that is wanted; of automatic choice, XDP where it works.</summary>
    /// <returns>It, and what there is to know of why.</returns>
    /// <exception cref="EngineException">It cannot run here; says what to do.</exception>
    internal static (EngineKind Engine, string[] Notes) Decide(DirectorSettings director)
    {
        var wanted = WantedBy(director);
        if (wanted == EngineKind.Managed)
            return (wanted, []);
        if (wanted == EngineKind.Auto && WhyNotXdp(director) is { } why)
            return (EngineKind.Managed, [$"engine managed, which forwards only while the daemon runs: {why}"]);
        XdpEngine.CheckMachine();
        return (EngineKind.Xdp, []);
    }

    /// <summary>Opens it.</summary>
    /// <exception cref="EngineException">It cannot run here; says what to do.</exception>
    internal static DirectorEngine Open(DirectorSettings director, (EngineKind Engine, string[] Notes) decision) => decision.Engine == EngineKind.Managed
        ? new ManagedDirectorEngine(director, decision.Notes)
        : new XdpDirectorEngine(XdpEngine.Open(director.PinPath, director.Name, director.RememberedFlows), DaemonReport.KeptPath(director));

    /// <summary>By the judgement that sidestep preflight shows; null: XDP works. An interface that is not there yet stands in no way.</summary>
    private static string? WhyNotXdp(DirectorSettings director)
    {
        foreach (var name in director.Interfaces.Select(static i => i.Name))
        {
            var facts = FactsReader.Read(name);
            var judgement = Judgement.Of(facts);
            if (facts.Others is null && judgement.Engine == EngineKind.Managed)
                return $"XDP does not work on {name}: {judgement.WhyNot(EngineKind.Xdp)}";
        }
        return null;
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
