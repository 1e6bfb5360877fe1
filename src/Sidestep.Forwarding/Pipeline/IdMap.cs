using System.Collections.Immutable;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>The ids of services and servers, which stay theirs while they are in the tables: counters and remembered flows name
/// them.</summary>
/// <param name="services">Ids of services are below.</param>
/// <param name="servers">The largest id of a server.</param>
/// <param name="persisted">Those that an earlier process gave; null: none.</param>
internal sealed class IdMap(int services, int servers, PersistedIds? persisted = null)
{
    internal IdAllocator<string> Services { get; } =
        new(0, services, services, persisted?.Services ?? ImmutableDictionary<string, int>.Empty);

    /// <summary>From 1 on: 0 is none.</summary>
    internal IdAllocator<ServerKey> Servers { get; } =
        new(1, servers + 1, servers + 1, persisted?.Servers ?? ImmutableDictionary<ServerKey, int>.Empty);

    /// <summary>The largest id that a server ever had.</summary>
    internal int MaxServerId { get; private set; } = persisted?.Servers.Values.DefaultIfEmpty().Max() ?? 0;

    /// <summary>All that are given.</summary>
    internal PersistedIds PersistedIds => new(Services.Keys.ToDictionary(s => s, s => Services[s]), Servers.Keys.ToDictionary(s => s, s => Servers[s]));

    /// <summary>Gives an id to everything in the tables.</summary>
    /// <returns>Ids that were given now, and what will not need its id any more once the tables are in force.</returns>
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

    /// <summary>Takes back the ids of what has left.</summary>
    /// <returns>Of servers.</returns>
    internal IReadOnlyList<int> Release(IdMapChange change)
    {
        Services.Release(change.LeavingServices);
        return Servers.Release(change.LeavingServers);
    }

    internal static ServerKey KeyOf(ServerGroup group, ServerEntry server) => new(group.Key, server.Name, server.Address);
}

/// <summary>What a change of tables does to ids.</summary>
internal sealed record IdMapChange(int[] NewServices, int[] NewServers, string[] LeavingServices, ServerKey[] LeavingServers);

/// <summary>Ids that things have.</summary>
/// <param name="Services">By name.</param>
/// <param name="Servers">By what identifies them.</param>
internal sealed record PersistedIds(IReadOnlyDictionary<string, int> Services, IReadOnlyDictionary<ServerKey, int> Servers);
