using System.Net;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>What a director does right now, read from what is pinned: no daemon is needed.</summary>
/// <param name="Revision">Counts the changes since the tables were made.</param>
/// <param name="AppliedAt">When the last one was made.</param>
/// <param name="Interfaces">What packets are taken from.</param>
/// <param name="Services">By name.</param>
/// <param name="Groups">Pools and how they are reached, by name.</param>
/// <param name="Answers">ARP and echo requests that it answered.</param>
/// <param name="Drops">What it dropped; every reason is there.</param>
public sealed record DirectorStatus(
    long Revision,
    DateTimeOffset AppliedAt,
    IReadOnlyList<AttachedInterface> Interfaces,
    IReadOnlyList<ServiceStatus> Services,
    IReadOnlyList<GroupStatus> Groups,
    IReadOnlyDictionary<Decision, Tally> Answers,
    IReadOnlyDictionary<DropReason, Tally> Drops)
{
    private const int Attempts = 3;

    /// <summary>True when packets are taken from at least one interface.</summary>
    public bool IsAttached => Interfaces.Any(static i => i.Mode is not null);

    /// <summary>Reads; null when nothing of that name is pinned.</summary>
    /// <param name="pinPath">Folder of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <exception cref="EngineException">Not allowed, or pinned by another version.</exception>
    public static DirectorStatus? Read(string pinPath, string name)
    {
        if (Kernel.MissingCapabilities() is { Count: > 0 } missing)
            throw new EngineException($"not allowed to read the director's maps: {string.Join(", ", missing)} missing. Run as root");
        try
        {
            var pins = new PinDirectory(pinPath, name);
            if (!Directory.Exists(pins.Path) || pins.OpenMaps(out _) is not { } opened)
                return null;
            if (Adoption.Differences(opened) is { Count: > 0 } differences)
                throw new EngineException($"the director '{name}' was started by another version: {string.Join("; ", differences)}. Use that version's sidestep, or restart sidestepd");
            using var maps = new StateMaps(opened, writable: false);
            return Read(maps, new Attachments(pins).Current());
        }
        catch (DllNotFoundException e)
        {
            throw new EngineException("libbpf.so.1 is not installed: run 'apt-get install libbpf1'", e);
        }
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
        var slots = running.Slots.ToDictionary(static g => g.Key, g => SlotsPerServer(maps, g.Value));
        var servers = running.Servers.Select(s => (s.Key.Group, Status: ServerOf(maps, s.Key, s.Value, slots[s.Key.Group])));
        return new DirectorStatus(
            (long)maps.Control.Revision,
            DateTimeOffset.FromUnixTimeMilliseconds((long)maps.Control.AppliedAt),
            interfaces,
            [.. running.Services.OrderBy(static s => s.Key, StringComparer.Ordinal).Select(s => ServiceOf(maps, s.Key, s.Value, slots))],
            [.. servers.GroupBy(static s => s.Group).OrderBy(static g => g.Key.ToString(), StringComparer.Ordinal)
                .Select(static g => new GroupStatus(g.Key, [.. g.Select(static s => s.Status).OrderBy(static s => s.Name, StringComparer.Ordinal)]))],
            counters.Answers,
            counters.Drops);
    }

    private static ServiceStatus ServiceOf(StateMaps maps, string name, int id, Dictionary<GroupKey, Dictionary<uint, int>> slots)
    {
        ref readonly var label = ref maps.ServiceLabels[id];
        var group = Labels.GroupOf(label);
        // A label that a change has just cleared names no group: then all of this is read again.
        return new ServiceStatus(name, Wire.Address(label.Address), (TransportProtocol)label.Protocol, label.Port, group,
            slots.TryGetValue(group, out var servers) && servers.Count > 0, CounterReader.Service(maps, id));
    }

    private static ServerStatus ServerOf(StateMaps maps, ServerIdentity identity, int id, Dictionary<uint, int> slots)
    {
        ref readonly var label = ref maps.ServerLabels[id];
        var state = (label.Flags & Constants.LabelDisabled) != 0 ? ServerState.Disabled
            : (label.Flags & Constants.LabelUnresolved) != 0 ? ServerState.Unresolved
            : ServerState.Serving;
        return new ServerStatus(identity.Name, identity.Address, (int)label.Weight, state, slots.GetValueOrDefault((uint)id),
            CounterReader.Server(maps, id));
    }

    private static Dictionary<uint, int> SlotsPerServer(StateMaps maps, SlotRange range)
    {
        var counts = new Dictionary<uint, int>();
        foreach (var id in maps.Slots.Slice(range.First, range.Count))
            counts[id] = counts.GetValueOrDefault(id) + 1;
        return counts;
    }
}

/// <summary>A virtual service.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Vip">Its VIP.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Port">Its port.</param>
/// <param name="Group">The servers that it chooses from.</param>
/// <param name="HasServers">False: everything for it is dropped.</param>
/// <param name="Forwarded">To real servers.</param>
public sealed record ServiceStatus(
    string Name, IPAddress Vip, TransportProtocol Protocol, int Port, GroupKey Group, bool HasServers, Tally Forwarded);

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
/// <param name="Forwarded">To it, for all services of the group.</param>
public sealed record ServerStatus(string Name, IPAddress Address, int Weight, ServerState State, int Slots, Tally Forwarded);

/// <summary>Whether a server takes traffic.</summary>
public enum ServerState
{
    /// <summary>It does.</summary>
    Serving,

    /// <summary>Switched off, or weight 0.</summary>
    Disabled,

    /// <summary>No next hop is known.</summary>
    Unresolved,
}
