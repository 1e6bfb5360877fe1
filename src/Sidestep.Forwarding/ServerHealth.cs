using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Which servers of watched pools are fit for traffic, at one moment. A server that is not among them is treated like a
/// disabled one, and so is one that nobody has judged yet.</summary>
/// <param name="healthy">Addresses by group. Sets that did not change are the same instances from one moment to the next.</param>
/// <param name="version">Counts the moments.</param>
public sealed class ServerHealth(ImmutableDictionary<GroupKey, ImmutableHashSet<IPAddress>> healthy, long version = 0)
{
    /// <summary>Counts the moments.</summary>
    public long Version => version;

    /// <summary>True when one of the servers that are to serve is fit, or when all of them are.</summary>
    public bool HasHealthy(GroupKey group, Pool pool, bool all = false)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var healthy = HealthyOf(group, pool);
        var serving = pool.Servers.Where(static s => s is { State: ServerState.Enabled, Weight: > 0 });
        return all ? serving.All(IsHealthy) : serving.Any(IsHealthy);

        bool IsHealthy(RealServer server) => healthy?.Contains(server.Address) != false;
    }

    /// <summary>The fit servers of a group; null: its pool is not watched, and all are.</summary>
    internal ImmutableHashSet<IPAddress>? HealthyOf(GroupKey group, Pool pool) =>
        pool.IsMonitored ? healthy.GetValueOrDefault(group, ImmutableHashSet<IPAddress>.Empty) : null;
}

/// <summary>A pool that enabled services use or are to use, and how they reach it.</summary>
/// <param name="Key">Names both.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Services">Those services.</param>
public sealed record ConfiguredGroup(GroupKey Key, Pool Pool, IReadOnlyList<VirtualService> Services)
{
    /// <summary>All of a configuration.</summary>
    public static IReadOnlyList<ConfiguredGroup> Of(EffectiveConfiguration configuration)
    {
        var input = new CompilerInput(configuration, new NextHops([], ImmutableDictionary<IPAddress, NextHop>.Empty, ImmutableDictionary<IPAddress, string>.Empty));
        return
        [
            .. configuration.Desired.VirtualServices.Where(static s => s.Enabled)
                .SelectMany(s => configuration.PoolsOf(s).Select(p => (Service: s, Pool: p)))
                .GroupBy(e => new GroupKey(e.Pool, Encap.Of(input.ProfileOf(e.Service))), static e => e.Service)
                .Select(g => new ConfiguredGroup(g.Key, input.FindPool(g.Key.Pool)!, [.. g])),
        ];
    }
}
