using System.Globalization;
using System.Net;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>What a director does right now, read from what is pinned: no daemon is needed.</summary>
/// <param name="Revision">Counts the changes since the tables were made.</param>
/// <param name="AppliedAt">When the last one was made.</param>
/// <param name="Interfaces">What packets are taken from.</param>
/// <param name="Services">By name.</param>
/// <param name="Groups">Pools and how they are reached, by name.</param>
/// <param name="Answers">ARP and echo requests that it answered.</param>
/// <param name="Drops">What it dropped; every reason is there.</param>
/// <param name="FlowsForgotten">Remembered flows that had to make room for others before they were idle.</param>
/// <param name="FragmentsForgotten">Fragmented datagrams likewise.</param>
public sealed record DirectorStatus(
    long Revision,
    DateTimeOffset AppliedAt,
    IReadOnlyList<AttachedInterface> Interfaces,
    IReadOnlyList<ServiceStatus> Services,
    IReadOnlyList<GroupStatus> Groups,
    IReadOnlyDictionary<Decision, Tally> Answers,
    IReadOnlyDictionary<DropReason, Tally> Drops,
    ulong FlowsForgotten,
    ulong FragmentsForgotten)
{
    private const int Attempts = 3;

    /// <summary>True when packets are taken from at least one interface.</summary>
    public bool IsAttached => Interfaces.Any(static i => i.Driver is not null);

    /// <summary>Reads; null when nothing of that name is pinned.</summary>
    /// <param name="pinPath">Folder of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <exception cref="EngineException">Not allowed, or pinned by another version.</exception>
    public static DirectorStatus? Read(string pinPath, string name)
    {
        using var maps = PinnedMaps.Open(pinPath, name);
        return maps is null ? null : Read(maps, new Attachments(new PinDirectory(pinPath, name)).Current());
    }

    /// <summary>A change in the middle of reading shows in the revision: then it is read again.</summary>
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
        var takes = Takes(maps);
        var flows = new FlowTable(maps).CountByServer();
        var slots = running.Slots.ToDictionary(static g => g.Key, g => SlotsPerServer(maps, g.Value.Current));
        var servers = running.Servers.Select(s => (s.Key.Group, Status: ServerOf(maps, s.Key, s.Value, slots[s.Key.Group], flows)));
        return new DirectorStatus(
            (long)maps.Control.Revision,
            DateTimeOffset.FromUnixTimeMilliseconds((long)maps.Control.AppliedAt),
            interfaces,
            [.. running.Services.OrderBy(static s => s.Key, StringComparer.Ordinal).Select(s => ServiceOf(maps, s.Key, s.Value, takes, slots))],
            [.. servers.GroupBy(static s => s.Group).OrderBy(static g => g.Key.ToString(), StringComparer.Ordinal)
                .Select(static g => new GroupStatus(g.Key, [.. g.Select(static s => s.Status).OrderBy(static s => s.Name, StringComparer.Ordinal)]))],
            counters.Answers,
            counters.Drops,
            CounterReader.Forgotten(maps, static (ref counters) => counters.FlowsForgotten),
            CounterReader.Forgotten(maps, static (ref counters) => counters.FragmentsForgotten));
    }

    private static ServiceStatus ServiceOf(StateMaps maps, string name, int id, ILookup<int, string> takes, Dictionary<GroupKey, Dictionary<uint, int>> slots)
    {
        // A label that a change has just cleared names no group: then all of this is read again.
        var group = Labels.GroupOf(maps.ServiceLabels[id]) ?? default;
        return new ServiceStatus(name, [.. takes[id]], group,
            slots.TryGetValue(group, out var servers) && servers.Keys.Any(static s => s != 0), CounterReader.Service(maps, id));
    }

    /// <summary>What each service takes: <c>203.0.113.10 tcp 80</c>.</summary>
    private static ILookup<int, string> Takes(StateMaps maps)
    {
        var vips = RunningServices.Vips(maps);
        return RunningServices.Places(maps).Where(p => vips.ContainsKey(p.Vip))
            .ToLookup(static p => (int)p.Range.Service.Id, p => $"{Text(vips[p.Vip])} {Ports((int)p.Range.First, (int)p.Range.Last)}");
    }

    private static string Text(IPNetwork vip) => vip.IsSingle() ? vip.BaseAddress.ToString() : vip.ToString();

    private static string Ports(int first, int last)
    {
        const int Tcp = (int)TransportProtocol.Tcp, Udp = (int)TransportProtocol.Udp;
        var protocol = first >> 16;
        if (protocol != last >> 16 || protocol is not (Tcp or Udp))
            return first == 0 && last == PortMap.Largest ? "any" : string.Create(CultureInfo.InvariantCulture, $"protocols {protocol} to {last >> 16}");
        return $"{(protocol == Tcp ? "tcp" : "udp")} {new PortRange((ushort)first, (ushort)last)}";
    }

    private static ServerStatus ServerOf(StateMaps maps, ServerKey identity, int id, Dictionary<uint, int> slots, long[] flows)
    {
        ref readonly var label = ref maps.ServerLabels[id];
        var state = (label.Flags & Constants.LabelFailed) != 0
            ? (label.Flags & Constants.LabelUnresolved) != 0 ? ServerCondition.Unresolved : ServerCondition.Failed
            : label.Time != 0 ? ServerCondition.Draining
            : (label.Flags & Constants.LabelDisabled) != 0 ? ServerCondition.Disabled
            : (label.Flags & Constants.LabelUnresolved) != 0 ? ServerCondition.Unresolved
            : ServerCondition.Serving;
        return new ServerStatus(identity.Name, identity.Address, (int)label.Weight, state, slots.GetValueOrDefault((uint)id),
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

/// <summary>A virtual service.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Takes">Each VIP with protocol and ports.</param>
/// <param name="Group">The servers that it chooses from.</param>
/// <param name="HasServers">False: everything for it is dropped.</param>
/// <param name="Forwarded">To real servers.</param>
public sealed record ServiceStatus(string Name, IReadOnlyList<string> Takes, GroupKey Group, bool HasServers, Tally Forwarded);

/// <summary>A pool, reached in one way.</summary>
/// <param name="Key">Which.</param>
/// <param name="Servers">By name.</param>
public sealed record GroupStatus(GroupKey Key, IReadOnlyList<ServerStatus> Servers);

/// <summary>A real server.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Weight">Its weight, 0 when it is switched off.</param>
/// <param name="State">Whether it takes traffic.</param>
/// <param name="Slots">Its share of the slot table.</param>
/// <param name="Flows">Remembered flows of it.</param>
/// <param name="Forwarded">To it, for all services of the group.</param>
public sealed record ServerStatus(string Name, IPAddress Address, int Weight, ServerCondition State, int Slots, long Flows, Tally Forwarded);

/// <summary>Whether a server takes traffic.</summary>
public enum ServerCondition
{
    /// <summary>It does.</summary>
    Serving,

    /// <summary>Switched off, or weight 0.</summary>
    Disabled,

    /// <summary>It keeps the flows that it has.</summary>
    Draining,

    /// <summary>No next hop is known.</summary>
    Unresolved,

    /// <summary>Its monitors say that it is not fit for traffic, or have not yet said that it is.</summary>
    Failed,
}
