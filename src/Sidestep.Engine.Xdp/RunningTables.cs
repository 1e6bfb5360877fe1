using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>The ids and slot ranges that the active half of the tables uses, read back from the maps.</summary>
/// <param name="Services">Service ids by name.</param>
/// <param name="Servers">Server ids by identity.</param>
/// <param name="Slots">Slot ranges by group.</param>
internal sealed record RunningTables(
    IReadOnlyDictionary<string, int> Services,
    IReadOnlyDictionary<ServerIdentity, int> Servers,
    IReadOnlyDictionary<GroupKey, SlotRange> Slots)
{
    /// <summary>Reads; labels that nothing in the active half stands behind belong to a change that was cut short, and are
    /// left out.</summary>
    internal static RunningTables Read(StateMaps maps)
    {
        var services = new Dictionary<string, int>();
        var slots = new Dictionary<GroupKey, SlotRange>();
        foreach (var service in maps.Half(maps.Control.Active & 1).Services)
        {
            if (service.Key == 0)
                continue;
            ref readonly var label = ref maps.ServiceLabels[(int)service.Id];
            services[Labels.Read(label.Name)] = (int)service.Id;
            slots[Labels.GroupOf(label)] = new SlotRange((int)service.SlotBase, (int)service.SlotCount);
        }
        var servers = new Dictionary<ServerIdentity, int>();
        var active = maps.Half(maps.Control.Active & 1).Servers;
        for (var id = 1; id < Constants.ServerCapacity; id++)
        {
            ref readonly var label = ref maps.ServerLabels[id];
            if ((label.Flags & Constants.LabelUsed) == 0 || !slots.ContainsKey(Labels.GroupOf(label)))
                continue;
            // Of two numbers, the one that packets use is the server's.
            if (!servers.TryAdd(Labels.ServerOf(label), id) && active[id].Ifindex != 0)
                servers[Labels.ServerOf(label)] = id;
        }
        return new RunningTables(services, servers, slots);
    }

    /// <summary>Clears the labels that nothing stands behind: a number that is given to another thing later must not find
    /// the old name still there.</summary>
    internal void ClearOtherLabels(StateMaps maps)
    {
        Clear(maps.ServiceLabels, Services.Values.ToHashSet());
        Clear(maps.ServerLabels, Servers.Values.ToHashSet());
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
