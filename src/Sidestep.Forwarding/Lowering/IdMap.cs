using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Forwarding.Lowering;

/// <summary>The IDs of services and servers, by which counters, slots and tracked flows name them. An ID is stable
/// while its service or server is in the tables. Not thread-safe.</summary>
public sealed class IdMap
{
    /// <summary>The groups in force; empty: not known, so that all IDs have to be searched.</summary>
    private Dictionary<GroupKey, ServerGroup> _groups = [];

    /// <summary>Starts with the IDs that an earlier process allocated.</summary>
    /// <param name="services">End of the range of service IDs, exclusive.</param>
    /// <param name="servers">The largest server ID.</param>
    /// <param name="persisted">IDs that an earlier process allocated; null: none.</param>
    /// <param name="inlineServers">Server IDs below are allocated first; null: all are equal.</param>
    public IdMap(int services, int servers, PersistedIds? persisted = null, int? inlineServers = null)
    {
        Services = new IdAllocator<ServiceKey>(
            0, services, services, persisted?.Services ?? ImmutableDictionary<ServiceKey, int>.Empty);
        Servers = new IdAllocator<ServerKey>(1, inlineServers ?? servers + 1, servers + 1,
            persisted?.Servers ?? ImmutableDictionary<ServerKey, int>.Empty);
        MaxServerId = persisted?.Servers.Values.DefaultIfEmpty().Max() ?? 0;
    }

    /// <summary>Service IDs, from 0 on.</summary>
    public IdAllocator<ServiceKey> Services { get; }

    /// <summary>Server IDs, from 1 on: 0 means no server.</summary>
    public IdAllocator<ServerKey> Servers { get; }

    /// <summary>The largest ID that a server ever had.</summary>
    public int MaxServerId { get; private set; }

    /// <summary>All allocated IDs, for the next process.</summary>
    public PersistedIds PersistedIds => new(
        Services.Keys.ToDictionary(s => s, s => Services[s]), Servers.Keys.ToDictionary(s => s, s => Servers[s]));

    /// <summary>IDs of the servers of a group, in its order.</summary>
    /// <exception cref="KeyNotFoundException">A server has none.</exception>
    public int[] IdsOf(ServerGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return [.. group.Servers.Select(s => Servers[KeyOf(group, s)])];
    }

    /// <summary>Allocates an ID to every service and server of tables that has none. Only groups that are not the
    /// same objects as before are searched.</summary>
    /// <returns>The new IDs, and the keys whose IDs can be released once the tables are in force.</returns>
    public IdMapChange Allocate(ForwardingTables tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        var services = tables.Services.Select(static s => s.Key).ToHashSet();
        var leavingServices = Services.Keys.Where(s => !services.Contains(s)).ToArray();
        var added = services.Where(s => !Services.TryFind(s, out _)).ToHashSet();
        var newServices = Services.Allocate(services, leavingServices);
        var groups = tables.Groups.ToDictionary(static g => g.Key);
        var leavingServers = LeavingServers(groups);
        TakeOver(leavingServers, groups.Values, leavingServices.ToHashSet(), added);
        var keys = groups.Values.Where(g => !ReferenceEquals(_groups.GetValueOrDefault(g.Key), g))
            .SelectMany(static g => g.Servers.Select(s => KeyOf(g, s)));
        var newServers = Servers.Allocate(keys, leavingServers);
        MaxServerId = newServers.Aggregate(MaxServerId, Math.Max);
        // Until the tables are in force, the change may fail: its IDs would be in no group that is searched.
        _groups = [];
        return new IdMapChange(newServices, newServers, leavingServices, leavingServers, groups);
    }

    /// <summary>Releases the IDs of services and servers that have left the tables, which are in force now.</summary>
    /// <returns>The released IDs.</returns>
    public ReleasedIds Release(IdMapChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        _groups = change.Groups;
        return new ReleasedIds(Services.Release(change.LeavingServices), Servers.Release(change.LeavingServers));
    }

    /// <summary>The key of a server of a group.</summary>
    public static ServerKey KeyOf(ServerGroup group, ServerEntry server)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(server);
        return new ServerKey(group.Key, server.Name, server.VrfAddress);
    }

    /// <summary>Lets servers of new groups take over the IDs of the same servers in groups that leave, because tracked
    /// flows name them: the services of a pool get groups of their own, or share one. Where several groups take the
    /// place of one, or one that of several, the services that stay come first: they have flows.</summary>
    private void TakeOver(HashSet<ServerKey> leaving, IEnumerable<ServerGroup> groups,
        HashSet<ServiceKey> leavingServices, HashSet<ServiceKey> added)
    {
        if (leaving.Count == 0)
            return;
        var available = leaving.OrderBy(s => s.Group.Service is { } service && leavingServices.Contains(service))
            .ToLookup(static s => s with { Group = s.Group.Shared });
        foreach (var group in groups.Where(g => !_groups.ContainsKey(g.Key))
            .OrderBy(g => g.Key.Service is { } service && added.Contains(service)))
        {
            foreach (var key in group.Servers.Select(s => KeyOf(group, s)).Where(k => !Servers.TryFind(k, out _)))
            {
                var match = available[key with { Group = group.Key.Shared }].Where(leaving.Contains).Take(1).ToArray();
                if (match.Length == 0)
                    continue;
                Servers.Rename(match[0], key);
                leaving.Remove(match[0]);
            }
        }
    }

    /// <summary>Servers that have an ID and will not need it.</summary>
    private HashSet<ServerKey> LeavingServers(Dictionary<GroupKey, ServerGroup> next)
    {
        if (Servers.Keys.Count == 0)
            return [];
        if (_groups.Count == 0)
        {
            var all = next.Values.SelectMany(static g => g.Servers.Select(s => KeyOf(g, s))).ToHashSet();
            return [.. Servers.Keys.Where(s => !all.Contains(s))];
        }
        var leaving = new HashSet<ServerKey>();
        foreach (var (key, group) in _groups)
        {
            var replacement = next.GetValueOrDefault(key);
            if (ReferenceEquals(replacement, group))
                continue;
            leaving.UnionWith(group.Servers.Select(s => KeyOf(group, s)));
            if (replacement is not null)
                leaving.ExceptWith(replacement.Servers.Select(s => KeyOf(replacement, s)));
        }
        return leaving;
    }
}

/// <summary>The changes of IDs that a change of tables causes.</summary>
/// <param name="NewServices">IDs of services that had none.</param>
/// <param name="NewServers">IDs of servers that had none.</param>
/// <param name="LeavingServices">Services that are not in the tables any more.</param>
/// <param name="LeavingServers">Servers that are not in the tables any more.</param>
/// <param name="Groups">The groups of the tables.</param>
public sealed record IdMapChange(
    IReadOnlyList<int> NewServices, IReadOnlyList<int> NewServers, IReadOnlyCollection<ServiceKey> LeavingServices,
    IReadOnlyCollection<ServerKey> LeavingServers, Dictionary<GroupKey, ServerGroup> Groups);

/// <summary>IDs that no tables in force refer to any more.</summary>
/// <param name="Services">IDs of services.</param>
/// <param name="Servers">IDs of servers.</param>
public sealed record ReleasedIds(IReadOnlyList<int> Services, IReadOnlyList<int> Servers);

/// <summary>IDs that outlive a process.</summary>
/// <param name="Services">IDs of services, by key.</param>
/// <param name="Servers">IDs of servers, by key.</param>
public sealed record PersistedIds(
    IReadOnlyDictionary<ServiceKey, int> Services, IReadOnlyDictionary<ServerKey, int> Servers);
