using System.Collections.Immutable;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Ids and slot ranges of the active bank, read back from the maps.</summary>
/// <param name="Services">Service ids by key.</param>
/// <param name="Servers">Server ids by server.</param>
/// <param name="Slots">Slots of each group.</param>
internal sealed record RunningTables(
    IReadOnlyDictionary<ServiceKey, int> Services,
    IReadOnlyDictionary<ServerKey, int> Servers,
    IReadOnlyDictionary<GroupKey, SlotRanges> Slots)
{
    /// <summary>Reads the tables. It skips labels without an entry in the active bank, because they belong to an
    /// interrupted change.</summary>
    internal static RunningTables Read(StateMaps maps)
    {
        var services = new Dictionary<ServiceKey, int>();
        var slots = new Dictionary<GroupKey, SlotRanges>();
        foreach (var service in RunningServices.Of(maps))
        {
            ref readonly var label = ref maps.ServiceLabels[(int)service.Id];
            if (Labels.GroupOf(label, maps.ServiceLabels) is not { } group)
                continue;
            services[ServiceKey.Parse(Labels.Read(label.Name))] = (int)service.Id;
            var count = (int)service.SlotCount;
            slots[group] = new SlotRanges(count == 0 ? default : new SlotRange((int)service.SlotBase, count),
                service.PreviousBase == 0 ? default : new SlotRange((int)service.PreviousBase, count));
        }
        var servers = new Dictionary<ServerKey, int>();
        var active = maps.Active;
        var labels = maps.ServerLabels;
        for (var id = 1; id < Constants.ServerCapacity; id++)
        {
            ref readonly var label = ref labels[id];
            if ((label.Flags & Constants.LabelUsed) == 0 || Labels.ServerOf(label, maps.ServiceLabels) is not { } server
                || !slots.ContainsKey(server.Group))
                continue;
            // Of two ids, the one that packets use belongs to the server.
            if (!servers.TryAdd(server, id) && active.Server(id).Flags != 0)
                servers[server] = id;
        }
        return new RunningTables(services, servers, slots);
    }

    /// <summary>Clears the labels that have no entry: an id that is reused later must not have the old name.</summary>
    internal void ClearOtherLabels(StateMaps maps)
    {
        Clear(maps.ServiceLabels, Services.Values.ToHashSet());
        Clear(maps.ServerLabels, Servers.Values.ToHashSet());
    }

    /// <summary>The groups, as the compiler of the next tables needs them; null when no tables were ever
    /// applied.</summary>
    internal RunningGroups? ToGroups(StateMaps maps)
    {
        if (maps.Control.Revision == 0)
            return null;
        var settings = maps.Active.Settings;
        var windows = new Dictionary<GroupKey, DateTimeOffset?>();
        foreach (var id in Services.Values)
        {
            ref readonly var label = ref maps.ServiceLabels[id];
            if (Labels.GroupOf(label, maps.ServiceLabels) is { } group)
                windows[group] = Labels.TimeOf(label);
        }
        var servers = Servers.GroupBy(static s => s.Key.Group).ToDictionary(static g => g.Key, static g => g.ToArray());
        return new RunningGroups(new HashKey(settings.HashHigh, settings.HashLow),
        [
            .. Slots.Select(s => GroupOf(
                maps, s.Key, s.Value, servers.GetValueOrDefault(s.Key) ?? [], windows.GetValueOrDefault(s.Key))),
        ]);
    }

    private static ServerGroup GroupOf(
        StateMaps maps, GroupKey key, SlotRanges ranges, KeyValuePair<ServerKey, int>[] servers,
        DateTimeOffset? migrationWindowEnds)
    {
        var sorted = servers.OrderBy(static s => s.Key.Address.Address, AddressComparer.Instance).ToArray();
        var entries = sorted.Select(s => EntryOf(maps, s.Key, s.Value)).ToImmutableArray();
        var indexes = sorted.Select(static (s, i) => (s.Value, i))
            .ToDictionary(static s => (uint)s.Value, static s => s.i);
        var current = maps.SlotsOf(ranges.Current);
        var previous = maps.SlotsOf(ranges.Previous);
        var members = new List<int>();
        var memberOf = new Dictionary<int, int>();
        foreach (var slot in current)
        {
            if (indexes.TryGetValue(slot & Constants.SlotServerMask, out var index) && memberOf.TryAdd(index, 0))
                members.Add(index);
        }
        members.Sort();
        for (var i = 0; i < members.Count; i++)
            memberOf[members[i]] = i;
        var slots = new int[current.Length];
        var states = new int[current.Length];
        var inTransition = false;
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i] = indexes.TryGetValue(current[i] & Constants.SlotServerMask, out var index)
                ? memberOf[index]
                : SlotTable.NoMember;
            states[i] = (current[i] & Constants.SlotTracked) == 0 ? Transition.Stable
                : previous.Length > 0 && indexes.TryGetValue(previous[i] & Constants.SlotServerMask, out var before)
                    ? before
                : Transition.Tracked;
            inTransition |= states[i] != Transition.Stable;
        }
        return new ServerGroup(key, entries,
            SlotTable.FromSlots(
                [.. members.Select(m => new SlotMember(entries[m].Address, entries[m].Weight))], [.. slots]),
            inTransition && migrationWindowEnds is { } ends ? new Transition([.. states], ends) : null);
    }

    private static ServerEntry EntryOf(StateMaps maps, ServerKey server, int id)
    {
        ref readonly var label = ref maps.ServerLabels[id];
        var flags = maps.Active.Server(id).Flags;
        return new ServerEntry(server.Name, server.Address.Address, (int)label.Weight, null)
        {
            DrainingSince = Labels.TimeOf(label),
            HasFailed = (label.Flags & Constants.LabelFailed) != 0,
            Flows = (flags & Constants.ServerSendRst) != 0 ? FlowState.Reset
                : (flags & Constants.ServerFlowsMove) != 0 ? FlowState.Move
                : FlowState.Keep,
        };
    }

    private static void Clear(Span<Label> labels, HashSet<int> except)
    {
        for (var id = 0; id < labels.Length; id++)
        {
            if (labels[id].Flags != 0 && !except.Contains(id))
                labels[id] = default;
        }
    }
}
