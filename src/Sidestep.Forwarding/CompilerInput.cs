using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The input of a compilation. Tables keep it, so that the next compilation can see what has not
/// changed.</summary>
internal sealed class CompilerInput(
    EffectiveConfiguration configuration, NextHops nextHops, ServerHealth? health = null)
{
    private readonly Dictionary<PoolKey, Pool> _pools = configuration.Pools.ToDictionary(static p => p.Key);
    private readonly Dictionary<string, NetworkProfile> _profiles =
        configuration.Desired.NetworkProfiles.ToDictionary(static p => p.Name);
    private readonly Dictionary<string, AccessList> _accessLists =
        configuration.Desired.AccessLists.ToDictionary(static l => l.Name);

    internal EffectiveConfiguration Configuration { get; } = configuration;

    internal NextHops NextHops { get; } = nextHops;

    /// <summary>The health of the servers of a group; null: all are healthy.</summary>
    internal GroupHealth? HealthOf(GroupKey group, Pool pool) => health?.HealthOf(group, pool);

    internal Pool? FindPool(PoolKey key) => _pools.GetValueOrDefault(key);

    internal Pool PoolOf(VirtualService service) => _pools[Configuration.ServingPoolOf(service)];

    internal NetworkProfile ProfileOf(VirtualService service) =>
        service.NetworkProfile is { } name ? _profiles[name] : NetworkProfile.Default;

    internal AccessList? AccessListOf(VirtualService service) =>
        service.AccessList is { } name ? _accessLists[name] : null;
}
