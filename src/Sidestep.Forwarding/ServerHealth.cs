using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Snapshot of the healthy servers of monitored pools. All other servers of such pools are treated like
/// disabled ones, also those without a first result.</summary>
/// <param name="groups">Health by group. Groups without a change are the same instances from one snapshot to the
/// next.</param>
/// <param name="version">Number of the snapshot.</param>
public sealed class ServerHealth(ImmutableDictionary<GroupKey, GroupHealth> groups, long version = 0)
{
    /// <summary>Number of the snapshot; increases with every change.</summary>
    public long Version => version;

    /// <summary>True if a server of the pool that is enabled with a weight above 0 is healthy.</summary>
    /// <param name="group">The group.</param>
    /// <param name="pool">Its pool.</param>
    /// <param name="all">True: all such servers must be healthy.</param>
    public bool HasHealthy(GroupKey group, Pool pool, bool all = false)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var healthy = HealthOf(group, pool)?.Healthy;
        var serving = pool.Servers.Where(static s => s is { State: ServerState.Enabled, Weight: > 0 });
        return all ? serving.All(IsHealthy) : serving.Any(IsHealthy);

        bool IsHealthy(RealServer server) => healthy?.Contains(server.VrfAddress) != false;
    }

    /// <summary>True if a server of the pool that is enabled with a weight above 0 gets new flows: it is healthy, or
    /// the group is in panic mode.</summary>
    public bool HasServing(GroupKey group, Pool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var health = HealthOf(group, pool);
        return pool.Servers.Where(static s => s is { State: ServerState.Enabled, Weight: > 0 })
            .Any(s => health?.Serves(s.VrfAddress) != false);
    }

    /// <summary>The health of a group; null: its pool is not monitored, and all servers are healthy.</summary>
    internal GroupHealth? HealthOf(GroupKey group, Pool pool) =>
        pool.IsMonitored ? groups.GetValueOrDefault(group, GroupHealth.None) : null;
}

/// <summary>The health of the servers of one group.</summary>
/// <param name="Healthy">Addresses of the healthy servers.</param>
public sealed record GroupHealth(ImmutableHashSet<VrfAddress> Healthy)
{
    /// <summary>No server is healthy.</summary>
    public static GroupHealth None { get; } = new(ImmutableHashSet<VrfAddress>.Empty);

    /// <summary>Addresses of servers that were healthy, are not now, and still answer from the VIP. They keep their
    /// flows.</summary>
    public ImmutableHashSet<VrfAddress> Answering { get; init; } = ImmutableHashSet<VrfAddress>.Empty;

    /// <summary>True: so few servers are healthy that the answering ones get new flows, too.</summary>
    public bool IsInPanic { get; init; }

    /// <summary>True if a server gets new flows.</summary>
    public bool Serves(VrfAddress server) => Healthy.Contains(server) || (IsInPanic && Answering.Contains(server));
}

/// <summary>A group that enabled services of a configuration use or will use.</summary>
/// <param name="Key">Pool, encapsulation and service.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Services">The services that use the group.</param>
public sealed record ConfiguredGroup(GroupKey Key, Pool Pool, IReadOnlyList<VirtualService> Services)
{
    /// <summary>All groups of a configuration.</summary>
    public static IReadOnlyList<ConfiguredGroup> Of(EffectiveConfiguration configuration)
    {
        var input = new CompilerInput(configuration, new NextHops(
            [], ImmutableDictionary<VrfAddress, NextHop>.Empty, ImmutableDictionary<VrfAddress, string>.Empty));
        return
        [
            .. configuration.Desired.VirtualServices.Where(static s => s.Enabled)
                .SelectMany(s => configuration.PoolsOf(s).Select(p => (Service: s, Pool: input.FindPool(p)!)))
                .GroupBy(e => configuration.GroupOf(e.Pool, Encap.Of(input.ProfileOf(e.Service)), e.Service.Key),
                    static e => e.Service)
                .Select(g => new ConfiguredGroup(g.Key, input.FindPool(g.Key.Pool)!, [.. g])),
        ];
    }
}
