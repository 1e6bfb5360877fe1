using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.Engine.Xdp;

/// <summary>Reads the tracked flows of a director from its pinned maps, through a mapping of its own; no daemon is
/// needed.</summary>
public sealed class DirectorFlows : IFlowTable
{
    private readonly StateMaps _maps;
    private readonly RunningTables _running;

    /// <summary>Reads these maps, which are disposed with the flow table.</summary>
    internal DirectorFlows(StateMaps maps)
    {
        _maps = maps;
        _running = RunningTables.Read(maps);
        Status = new FlowTableStatus(
            FlowTable.CapacityOf(maps.FlowBuckets), [.. _running.Servers.Keys], [.. _running.Services.Keys]);
    }

    /// <inheritdoc/>
    public FlowTableStatus Status { get; }

    /// <summary>Opens the flow table; null when nothing is pinned under that name.</summary>
    /// <param name="pinPath">Folder that contains the folders of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <exception cref="EngineException">Privileges are missing, or another version pinned the maps.</exception>
    public static DirectorFlows? Open(string pinPath, string name)
    {
        if (PinnedMaps.Open(pinPath, name) is not { } maps)
            return null;
        try
        {
            return new DirectorFlows(maps);
        }
        catch
        {
            maps.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Visit(Action<TrackedFlow> visit) => Visit(_maps, _running, visit);

    /// <inheritdoc/>
    public void Dispose() => _maps.Dispose();

    internal static void Visit(StateMaps maps, RunningTables running, Action<TrackedFlow> visit) =>
        new FlowTable(maps).Visit(
            running.Servers.ToDictionary(static s => s.Value, static s => s.Key),
            running.Services.ToDictionary(static s => s.Value, static s => s.Key),
            visit);
}
