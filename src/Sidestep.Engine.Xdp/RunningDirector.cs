using System.Collections.Immutable;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>What a director runs, for a plan, read from what is pinned: no daemon is needed.</summary>
public static class RunningDirector
{
    private const int Attempts = 3;

    /// <summary>Reads; null when no such director is pinned, or it never had tables.</summary>
    /// <param name="director">Which: only its name and pin path matter.</param>
    /// <exception cref="EngineException">Not allowed, or pinned by another version.</exception>
    public static RunningState? Read(DirectorSettings director)
    {
        if (Kernel.MissingCapabilities() is { Count: > 0 } missing)
            throw new EngineException($"not allowed to read the director's maps: {string.Join(", ", missing)} missing. Run as root");
        try
        {
            var pins = new PinDirectory(director.PinPath, director.Name);
            if (!Directory.Exists(pins.Path) || pins.OpenMaps(out _) is not { } opened)
                return null;
            if (Adoption.Differences(opened) is { Count: > 0 } differences)
                throw new EngineException($"the director '{director.Name}' was started by another version: {string.Join("; ", differences)}. Use that version's sidestep, or restart sidestepd");
            using var maps = new StateMaps(opened, writable: false);
            return Read(maps);
        }
        catch (DllNotFoundException e)
        {
            throw new EngineException("libbpf.so.1 is not installed: run 'apt-get install libbpf1'", e);
        }
    }

    /// <summary>A change in the middle of reading shows in the revision: then it is read again.</summary>
    private static RunningState? Read(StateMaps maps)
    {
        for (var attempt = 1; ; attempt++)
        {
            var revision = Volatile.Read(ref maps.Control.Revision);
            var state = ReadOnce(maps);
            if (Volatile.Read(ref maps.Control.Revision) == revision || attempt == Attempts)
                return state;
        }
    }

    private static RunningState? ReadOnce(StateMaps maps)
    {
        var running = RunningTables.Read(maps);
        if (running.ToGroups(maps) is not { } groups)
            return null;
        var flows = new FlowTable(maps).CountByServer();
        var vips = RunningServices.Vips(maps);
        var takes = RunningServices.Places(maps).Where(p => vips.ContainsKey(p.Vip))
            .ToLookup(static p => (int)p.Range.Service.Id, p => new TakenPorts(vips[p.Vip], (int)p.Range.First, (int)p.Range.Last));
        return new RunningState(
            groups,
            [.. running.Services.Select(s => new RunningService(s.Key, Labels.GroupOf(maps.ServiceLabels[s.Value]) ?? default, [.. takes[s.Value]]))],
            new FlowCounts(running.Servers.ToDictionary(static s => s.Key, s => flows[s.Value])),
            running.Servers.Where(s => (maps.ServerLabels[s.Value].Flags & Constants.LabelUnresolved) != 0)
                .Select(static s => s.Key.Address).ToImmutableHashSet());
    }
}
