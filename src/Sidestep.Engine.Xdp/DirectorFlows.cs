using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.Engine.Xdp;

/// <summary>Reads the tracked flows of a director from its pinned maps; no daemon is needed.</summary>
public static class DirectorFlows
{
    /// <summary>Visits every flow that is not idle, in no particular order.</summary>
    /// <param name="pinPath">Folder that contains the folders of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <param name="visit">Called for each flow.</param>
    /// <returns>Capacity of the flow table, and the servers and services it may refer to; null when nothing is pinned
    /// under that name.</returns>
    /// <exception cref="EngineException">Privileges are missing, or another version pinned the maps.</exception>
    public static FlowTableStatus? Visit(string pinPath, string name, Action<TrackedFlow> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        using var maps = PinnedMaps.Open(pinPath, name);
        return maps is null ? null : Visit(maps, visit);
    }

    internal static FlowTableStatus Visit(StateMaps maps, Action<TrackedFlow> visit)
    {
        var running = RunningTables.Read(maps);
        new FlowTable(maps).Visit(
            running.Servers.ToDictionary(static s => s.Value, static s => s.Key),
            running.Services.ToDictionary(static s => s.Value, static s => s.Key),
            visit);
        return new FlowTableStatus(
            FlowTable.CapacityOf(maps.FlowBuckets), [.. running.Servers.Keys], [.. running.Services.Keys]);
    }
}
