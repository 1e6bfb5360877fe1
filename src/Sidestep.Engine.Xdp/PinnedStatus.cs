using Sidestep.Api.Status;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;

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
        return maps is null ? null : Read(maps, name, new Attachments(new PinDirectory(pinPath, name)).Current());
    }

    /// <summary>Reads again when the revision shows that a change happened meanwhile.</summary>
    private static DirectorStatus Read(StateMaps maps, string name, IReadOnlyList<AttachedInterface> interfaces)
    {
        for (var attempt = 1; ; attempt++)
        {
            var revision = Volatile.Read(ref maps.Control.Revision);
            var status = ReadOnce(maps, name, interfaces);
            if (Volatile.Read(ref maps.Control.Revision) == revision || attempt == Attempts)
                return status;
        }
    }

    private static DirectorStatus ReadOnce(StateMaps maps, string name, IReadOnlyList<AttachedInterface> interfaces)
    {
        var running = RunningTables.Read(maps);
        var counters = CounterReader.Read(maps);
        var matches = Matches(maps);
        var flows = new FlowTable(maps).CountByServer();
        var slots = running.Slots.ToDictionary(static g => g.Key, g => SlotsPerServer(maps, g.Value.Current));
        var servers = running.Servers.Select(
            s => (s.Key.Group, Status: ServerOf(maps, s.Key, s.Value, slots[s.Key.Group], flows)));
        var revision = (long)maps.Control.Revision;
        return new DirectorStatus
        {
            Director = name,
            Source = StatusSource.PinnedTables,
            Engine = EngineKind.Xdp,
            Revision = revision,
            AppliedAt = revision == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)maps.Control.AppliedAt),
            Interfaces = [.. interfaces.Select(StatusRecords.Of)],
            Services = [.. running.Services.OrderBy(static s => s.Key.ToString(), StringComparer.Ordinal)
                .Select(s => ServiceOf(maps, s.Key, s.Value, matches, slots))],
            Pools = [.. servers.GroupBy(static s => s.Group)
                .OrderBy(static g => g.Key.ToString(), StringComparer.Ordinal)
                .ThenBy(static g => g.Key.Service?.ToString(), StringComparer.Ordinal)
                .Select(static g => StatusRecords.Pool(g.Key, g.Select(static s => s.Status)))],
            Responses = StatusRecords.Of(counters.Responses),
            FlowTableSize = FlowTable.CapacityOf(maps.FlowBuckets),
            Evicted = new EvictionCounters(CounterReader.Evicted(maps, static (ref counters) => counters.FlowsEvicted),
                CounterReader.Evicted(maps, static (ref counters) => counters.FragmentsEvicted)),
            Drops = StatusRecords.Of(counters.Drops),
        };
    }

    private static ServiceStatus ServiceOf(StateMaps maps, ServiceKey key, int id, ILookup<int, string> matches,
        Dictionary<GroupKey, Dictionary<uint, int>> slots)
    {
        // A label that a change has just cleared names no group: then everything is read again.
        var group = Labels.GroupOf(maps.ServiceLabels[id], maps.ServiceLabels) ?? default;
        return StatusRecords.Service(key, matches[id], group,
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
        var forwarded = CounterReader.Server(maps, id);
        return new ServerStatus(
            identity.Name, identity.Address.Address, (int)label.Weight, state, slots.GetValueOrDefault((uint)id),
            flows[id], forwarded.Packets, forwarded.Bytes);
    }

    private static Dictionary<uint, int> SlotsPerServer(StateMaps maps, SlotRange range)
    {
        var counts = new Dictionary<uint, int>();
        foreach (var id in maps.SlotsOf(range))
            counts[id & Constants.SlotServerMask] = counts.GetValueOrDefault(id & Constants.SlotServerMask) + 1;
        return counts;
    }
}
