using System.Collections.Immutable;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control;

/// <summary>A change that would leave a service with nobody who is proven: what served until now goes on until somebody is.</summary>
internal sealed class MakeBeforeBreak(TimeProvider time)
{
    /// <summary>How long all new servers are waited for. Then one of them is enough.</summary>
    private static readonly TimeSpan WaitForAllTimeout = TimeSpan.FromSeconds(5);

    private Configuration? _desired;
    private (Retained Retained, Configuration Configuration)? _retained;
    private DateTimeOffset _since;

    /// <summary>When time alone changes what is held; null: never.</summary>
    internal DateTimeOffset? Wake => _retained is not null && _since + WaitForAllTimeout is var end && end > time.GetUtcNow() ? end : null;

    /// <summary>The configuration with what is held of the former one, or the same instance: nothing is.</summary>
    /// <param name="desired">What is to come into force, or to stay so.</param>
    /// <param name="applied">What this method returned for the configuration in force; null: nothing is in force.</param>
    /// <param name="health">Who is fit, of both.</param>
    internal Configuration Merge(Configuration desired, Configuration? applied, ServerHealth health)
    {
        var isNew = !ReferenceEquals(_desired, desired);
        if (isNew)
            (_desired, _retained, _since) = (desired, null, time.GetUtcNow());
        // What is not held when a configuration comes is not held when its servers fail later.
        if (applied is null || ReferenceEquals(applied, desired) || (_retained is null && !isNew))
            return desired;
        var retained = new Comparison(desired, applied, health, WaitsForAll: !isNew && time.GetUtcNow() - _since < WaitForAllTimeout).Find();
        if (retained.IsEmpty)
            _retained = null;
        else if (_retained is null || !retained.IsSameAs(_retained.Value.Retained))
            _retained = (retained, retained.MergeInto(desired, applied));
        return _retained?.Configuration ?? desired;
    }

    /// <summary>What is held: services by their former pools, and in pools the servers that the file no longer has.</summary>
    private sealed record Retained(ImmutableArray<(VirtualService Service, Pool ServingPool)> Services, ImmutableArray<(Pool Pool, ImmutableArray<RealServer> Servers)> Pools)
    {
        internal bool IsEmpty => Services.IsEmpty && Pools.IsEmpty;

        internal bool IsSameAs(Retained other) => Services.SequenceEqual(other.Services) && Pools.Select(static p => p.Pool).SequenceEqual(other.Pools.Select(static p => p.Pool));

        internal Configuration MergeInto(Configuration desired, Configuration applied)
        {
            var servingPools = Services.ToDictionary(static s => s.Service.Name, static s => s.ServingPool);
            var extended = Pools.ToDictionary(static p => p.Pool.Name, static p => p.Pool with { Servers = [.. p.Pool.Servers, .. p.Servers] });
            var removed = servingPools.Values.Distinct().Where(p => !desired.Pools.Contains(p)).ToArray();
            var monitors = removed.SelectMany(static p => p.Monitors ?? []).Except(desired.HealthMonitors.Select(static m => m.Name)).ToHashSet();
            return desired with
            {
                Pools = [.. desired.Pools.Select(p => extended.GetValueOrDefault(p.Name, p)), .. removed],
                HealthMonitors = [.. desired.HealthMonitors, .. applied.HealthMonitors.Where(m => monitors.Contains(m.Name))],
                VirtualServices = [.. desired.VirtualServices.Select(s => servingPools.TryGetValue(s.Name, out var servingPool) ? s with { ServedBy = servingPool.Name } : s)],
                Retained =
                [
                    .. Services.Select(static s => $"{s.Service.Name} is still served by pool {s.ServingPool.Name}: the servers of pool {s.Service.Pool} are not verified yet"),
                    .. Pools.Select(static p => $"pool {p.Pool.Name} still has {string.Join(", ", p.Servers.Select(static s => $"{s.Name} ({s.Address})"))}: "
                        + "its other servers are not verified yet"),
                ],
            };
        }
    }

    /// <summary>Compares two configurations. Most changes leave nearly everything as it is, and there may be much of it.</summary>
    private sealed record Comparison(Configuration Desired, Configuration Applied, ServerHealth Health, bool WaitsForAll)
    {
        private readonly Lazy<Dictionary<string, VirtualService>> _services = new(() => Applied.VirtualServices.ToDictionary(static s => s.Name));
        private readonly Lazy<Dictionary<string, Pool>> _pools = new(() => Desired.Pools.ToDictionary(static p => p.Name));
        private readonly Lazy<Dictionary<string, Pool>> _previousPools = new(() => Applied.Pools.ToDictionary(static p => p.Name));

        private readonly Lazy<ILookup<string, Encap>> _encaps = new(() => Desired.VirtualServices.Where(static s => s.Enabled)
            .ToLookup(static s => s.Pool, s => Encap.Of(Desired.ProfileOf(s))));

        internal Retained Find() => new([.. Services()], [.. Pools()]);

        private IEnumerable<(VirtualService Service, Pool ServingPool)> Services()
        {
            for (var i = 0; i < Desired.VirtualServices.Length; i++)
            {
                var service = Desired.VirtualServices[i];
                if (i < Applied.VirtualServices.Length && Applied.VirtualServices[i] is var same && same.Name == service.Name && same.ServingPool == service.Pool)
                    continue;
                if (!_services.Value.TryGetValue(service.Name, out var previous) || previous.ServingPool == service.Pool || !MatchesSameTraffic(service, previous))
                    continue;
                var encap = Encap.Of(Desired.ProfileOf(service));
                var servingPool = _pools.Value.GetValueOrDefault(previous.ServingPool) ?? _previousPools.Value[previous.ServingPool];
                if (encap == Encap.Of(Applied.ProfileOf(previous)) && !IsVerified(_pools.Value[service.Pool], encap) && Health.HasHealthy(new GroupKey(servingPool.Name, encap), servingPool))
                    yield return (service, servingPool);
            }
        }

        private IEnumerable<(Pool Pool, ImmutableArray<RealServer> Servers)> Pools()
        {
            for (var i = 0; i < Desired.Pools.Length; i++)
            {
                var pool = Desired.Pools[i];
                if ((i < Applied.Pools.Length && ReferenceEquals(Applied.Pools[i], pool)) || !_previousPools.Value.TryGetValue(pool.Name, out var previous)
                    || ReferenceEquals(previous, pool))
                    continue;
                var removed = RemovedServers(previous, pool);
                var leaving = previous with { Servers = removed };
                if (!removed.IsEmpty && _encaps.Value[pool.Name].Distinct().Any(w => !IsVerified(pool, w) && Health.HasHealthy(new GroupKey(pool.Name, w), leaving)))
                    yield return (pool, removed);
            }
        }

        private static ImmutableArray<RealServer> RemovedServers(Pool previous, Pool pool)
        {
            var remaining = pool.Servers.Select(static s => s.Address).ToHashSet();
            return [.. previous.Servers.Where(s => !remaining.Contains(s.Address))];
        }

        /// <summary>Also where nobody is to serve: then there is nobody to wait for.</summary>
        private bool IsVerified(Pool pool, Encap encap)
        {
            var group = new GroupKey(pool.Name, encap);
            return Health.HasHealthy(group, pool, all: true) || (!WaitsForAll && Health.HasHealthy(group, pool));
        }

        /// <summary>Only then the former servers are ready for what comes.</summary>
        private static bool MatchesSameTraffic(VirtualService service, VirtualService previous) => service.Enabled && previous.Enabled
            && service.Protocol == previous.Protocol && service.Vips.SequenceEqual(previous.Vips) && service.Ports.SequenceEqual(previous.Ports);
    }
}
