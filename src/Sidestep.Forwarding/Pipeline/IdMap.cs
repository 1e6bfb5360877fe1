using System.Collections.Immutable;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>The IDs of services and servers, by which counters and tracked flows name them. An ID is stable while its
/// service or server is in the tables.</summary>
/// <param name="services">End of the range of service IDs, exclusive.</param>
/// <param name="servers">The largest server ID.</param>
/// <param name="persisted">IDs that an earlier process allocated; null: none.</param>
internal sealed class IdMap(int services, int servers, PersistedIds? persisted = null)
{
    internal IdAllocator<string> Services { get; } =
        new(0, services, services, persisted?.Services ?? ImmutableDictionary<string, int>.Empty);

    /// <summary>Server IDs, from 1 on: 0 means no server.</summary>
    internal IdAllocator<ServerKey> Servers { get; } =
        new(1, servers + 1, servers + 1, persisted?.Servers ?? ImmutableDictionary<ServerKey, int>.Empty);

    /// <summary>The largest ID that a server ever had.</summary>
    internal int MaxServerId { get; private set; } = persisted?.Servers.Values.DefaultIfEmpty().Max() ?? 0;

    /// <summary>All allocated IDs, for the next process.</summary>
    internal PersistedIds PersistedIds => new(
        Services.Keys.ToDictionary(s => s, s => Services[s]), Servers.Keys.ToDictionary(s => s, s => Servers[s]));

    /// <summary>Allocates an ID to every service and server of tables that has none.</summary>
    /// <returns>The new IDs, and the keys whose IDs can be released once the tables are in force.</returns>
    internal IdMapChange Allocate(ForwardingTables tables)
    {
        var names = tables.Services.Select(static s => s.Name).ToHashSet();
        var keys = tables.Groups.SelectMany(static g => g.Servers.Select(s => KeyOf(g, s))).ToHashSet();
        var leavingServices = Services.Keys.Where(n => !names.Contains(n)).ToArray();
        var leavingServers = Servers.Keys.Where(s => !keys.Contains(s)).ToArray();
        var newServices = Services.Allocate(names, leavingServices).Select(n => Services[n]).ToArray();
        var newServers = Servers.Allocate(keys, leavingServers).Select(s => Servers[s]).ToArray();
        MaxServerId = newServers.Aggregate(MaxServerId, Math.Max);
        return new IdMapChange(newServices, newServers, leavingServices, leavingServers);
    }

    /// <summary>Releases the IDs of services and servers that have left the tables.</summary>
    /// <returns>The released server IDs.</returns>
    internal IReadOnlyList<int> Release(IdMapChange change)
    {
        Services.Release(change.LeavingServices);
        return Servers.Release(change.LeavingServers);
    }

    internal static ServerKey KeyOf(ServerGroup group, ServerEntry server) =>
        new(group.Key, server.Name, server.Address);
}

/// <summary>The changes of IDs that a change of tables causes.</summary>
internal sealed record IdMapChange(
    int[] NewServices, int[] NewServers, string[] LeavingServices, ServerKey[] LeavingServers);

/// <summary>IDs that outlive a process.</summary>
/// <param name="Services">IDs of services, by name.</param>
/// <param name="Servers">IDs of servers, by key.</param>
internal sealed record PersistedIds(
    IReadOnlyDictionary<string, int> Services, IReadOnlyDictionary<ServerKey, int> Servers);
