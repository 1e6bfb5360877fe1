using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.Engine.Xdp;

/// <summary>What a director remembers, read from what is pinned: no daemon is needed.</summary>
public static class DirectorFlows
{
    /// <summary>Hands over every flow that is not idle, in no order.</summary>
    /// <param name="pinPath">Folder of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <param name="visit">Takes one.</param>
    /// <returns>The size of the table and who may be remembered in it; null when nothing of that name is pinned.</returns>
    /// <exception cref="EngineException">Not allowed, or pinned by another version.</exception>
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
        return new FlowTableStatus(FlowTable.CapacityOf(maps.FlowBuckets), [.. running.Servers.Keys], [.. running.Services.Keys]);
    }
}
