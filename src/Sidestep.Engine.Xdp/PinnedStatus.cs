using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.Engine.Xdp;

/// <summary>Reads the status of a director from its pinned maps; no daemon is needed.</summary>
public static class PinnedStatus
{
    private const int Attempts = 3;

    /// <summary>Reads the status; null when nothing is pinned under that name.</summary>
    /// <param name="pinPath">Folder that contains the folders of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <exception cref="EngineException">Privileges are missing, or another version pinned the maps.</exception>
    public static DirectorStatus? Read(string pinPath, string name)
    {
        using var maps = PinnedMaps.Open(pinPath, name);
        return maps is null ? null : Read(maps, new Attachments(new PinDirectory(pinPath, name)).Current());
    }

    /// <summary>Reads again when the revision shows that a change happened meanwhile.</summary>
    private static DirectorStatus Read(StateMaps maps, IReadOnlyList<AttachedInterface> interfaces)
    {
        for (var attempt = 1; ; attempt++)
        {
            var revision = Volatile.Read(ref maps.Control.Revision);
            var status = ReadOnce(maps, interfaces);
            if (Volatile.Read(ref maps.Control.Revision) == revision || attempt == Attempts)
                return status;
        }
    }

    private static DirectorStatus ReadOnce(StateMaps maps, IReadOnlyList<AttachedInterface> interfaces)
    {
        var running = RunningTables.Read(maps);
        var counters = CounterReader.Read(maps);
        var matches = Matches(maps);
        var flows = new FlowTable(maps).CountByServer();
        var slots = running.Slots.ToDictionary(static g => g.Key, g => SlotsPerServer(maps, g.Value.Current));
        var servers = running.Servers.Select(
            s => (s.Key.Group, Status: ServerOf(maps, s.Key, s.Value, slots[s.Key.Group], flows)));
        return new DirectorStatus(
            (long)maps.Control.Revision,
            DateTimeOffset.FromUnixTimeMilliseconds((long)maps.Control.AppliedAt),
            interfaces,
            [.. running.Services.OrderBy(static s => s.Key, StringComparer.Ordinal)
                .Select(s => ServiceOf(maps, s.Key, s.Value, matches, slots))],
            [.. servers.GroupBy(static s => s.Group).OrderBy(static g => g.Key.ToString(), StringComparer.Ordinal)
                .Select(static g => new GroupStatus(
                    g.Key, [.. g.Select(static s => s.Status).OrderBy(static s => s.Name, StringComparer.Ordinal)]))],
            counters.Responses,
            counters.Drops,
            CounterReader.Evicted(maps, static (ref counters) => counters.FlowsEvicted),
            CounterReader.Evicted(maps, static (ref counters) => counters.FragmentsEvicted));
    }

    private static ServiceStatus ServiceOf(StateMaps maps, string name, int id, ILookup<int, string> matches,
        Dictionary<GroupKey, Dictionary<uint, int>> slots)
    {
        // A label that a change has just cleared names no group: then everything is read again.
        var group = Labels.GroupOf(maps.ServiceLabels[id]) ?? default;
        return new ServiceStatus(name, [.. matches[id]], group,
            slots.TryGetValue(group, out var servers) && servers.Keys.Any(static s => s != 0),
            CounterReader.Service(maps, id));
    }

    /// <summary>The packets that each service matches, by the service's id, e.g. <c>203.0.113.10 tcp 80</c>.</summary>
    private static ILookup<int, string> Matches(StateMaps maps)
    {
        var vips = RunningServices.Vips(maps);
        return RunningServices.PortRanges(maps).Where(p => vips.ContainsKey(p.Vip))
            .ToLookup(static p => (int)p.Range.Service.Id,
                p => MatchText.Of(vips[p.Vip], (int)p.Range.First, (int)p.Range.Last));
    }

    private static ServerStatus ServerOf(
        StateMaps maps, ServerKey identity, int id, Dictionary<uint, int> slots, long[] flows)
    {
        ref readonly var label = ref maps.ServerLabels[id];
        var state = (label.Flags & Constants.LabelFailed) != 0
            ? (label.Flags & Constants.LabelUnresolved) != 0 ? ServerCondition.Unresolved : ServerCondition.Failed
            : label.Time != 0 ? ServerCondition.Draining
            : (label.Flags & Constants.LabelDisabled) != 0 ? ServerCondition.Disabled
            : (label.Flags & Constants.LabelUnresolved) != 0 ? ServerCondition.Unresolved
            : ServerCondition.Serving;
        return new ServerStatus(
            identity.Name, identity.Address, (int)label.Weight, state, slots.GetValueOrDefault((uint)id),
            flows[id], CounterReader.Server(maps, id));
    }

    private static Dictionary<uint, int> SlotsPerServer(StateMaps maps, SlotRange range)
    {
        var counts = new Dictionary<uint, int>();
        foreach (var id in maps.SlotsOf(range))
            counts[id & Constants.SlotServerMask] = counts.GetValueOrDefault(id & Constants.SlotServerMask) + 1;
        return counts;
    }
}
