using System.Collections.Immutable;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Reads the running state of a director for a plan, from its pinned maps; no daemon is needed.</summary>
public static class RunningDirector
{
    private const int Attempts = 3;

    /// <summary>Reads it; null when no such director is pinned, or it never had tables.</summary>
    /// <param name="director">The director; only its name and pin path matter.</param>
    /// <exception cref="EngineException">Privileges are missing, or another version pinned the maps.</exception>
    public static RunningState? Read(NodeSettings director)
    {
        using var maps = PinnedMaps.Open(director.PinPath, director.Name);
        return maps is null ? null : Read(maps);
    }

    /// <summary>Reads again when the revision shows that a change happened meanwhile.</summary>
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
        var matches = RunningServices.PortRanges(maps).Where(p => vips.ContainsKey(p.Vip))
            .ToLookup(static p => (int)p.Range.Service.Id,
                p => new EffectivePorts(vips[p.Vip], (int)p.Range.First, (int)p.Range.Last));
        return new RunningState(
            groups,
            [.. running.Services.Select(s => new RunningService(
                s.Key, Labels.GroupOf(maps.ServiceLabels[s.Value], maps.ServiceLabels) ?? default,
                [.. matches[s.Value]]))],
            new FlowCounts(running.Servers.ToDictionary(static s => s.Key, s => flows[s.Value])),
            running.Servers.Where(s => (maps.ServerLabels[s.Value].Flags & Constants.LabelUnresolved) != 0)
                .Select(static s => s.Key.Address).ToImmutableHashSet());
    }
}
