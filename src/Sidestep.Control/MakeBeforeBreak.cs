using System.Collections.Immutable;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control;

/// <summary>Keeps parts of the previous configuration in use when a change would leave a service without a verified
/// server, until its new servers are verified. Not safe for threads.</summary>
internal sealed class MakeBeforeBreak(TimeProvider time)
{
    /// <summary>How long the loop waits for every new server. After that, one verified server is enough.</summary>
    private static readonly TimeSpan WaitForAllTimeout = TimeSpan.FromSeconds(5);

    private EffectiveConfiguration? _desired;
    private (Retention Retention, EffectiveConfiguration Configuration)? _retained;
    private DateTimeOffset _since;

    /// <summary>When time alone may change what is retained; null: it cannot.</summary>
    internal DateTimeOffset? Wake => _retained is not null && _since + WaitForAllTimeout is var end
        && end > MonotonicClock.Now(time) ? end : null;

    /// <summary>The desired configuration with what is retained of the applied one; the same instance when nothing
    /// is.</summary>
    /// <param name="desired">The configuration to apply, or the one that is applied already. It retains nothing
    /// itself.</param>
    /// <param name="applied">What this method returned for the applied configuration; null: none is applied.</param>
    /// <param name="health">The healthy servers of both.</param>
    internal EffectiveConfiguration Merge(
        EffectiveConfiguration desired, EffectiveConfiguration? applied, ServerHealth health)
    {
        var isNew = !ReferenceEquals(_desired, desired);
        if (isNew)
            (_desired, _retained, _since) = (desired, null, MonotonicClock.Now(time));
        // A configuration that retained nothing when it came retains nothing when its servers fail later.
        if (applied is null || ReferenceEquals(applied, desired) || (_retained is null && !isNew))
            return desired;
        var waitsForAll = !isNew && MonotonicClock.Now(time) - _since < WaitForAllTimeout;
        var retention = new Comparison(desired, applied, health, waitsForAll).Find();
        if (retention.IsEmpty)
            _retained = null;
        else if (_retained is null || !retention.IsSameAs(_retained.Value.Retention))
            _retained = (retention,
                desired.WithRetained(retention.Services, retention.Servers, applied.HealthMonitors));
        return _retained?.Configuration ?? desired;
    }

    /// <summary>The retained parts: services in their previous pools, and in pools the servers that the file no longer
    /// has.</summary>
    private sealed record Retention(ImmutableArray<RetainedService> Services, ImmutableArray<RetainedServers> Servers)
    {
        internal bool IsEmpty => Services.IsEmpty && Servers.IsEmpty;

        internal bool IsSameAs(Retention other) => Services.SequenceEqual(other.Services)
            && Servers.Select(static r => r.Pool).SequenceEqual(other.Servers.Select(static r => r.Pool));
    }

    /// <summary>Compares two configurations. Most changes leave nearly everything as it is, and configurations may be
    /// large: the look-ups are built only when a difference needs them.</summary>
    private sealed record Comparison(
        EffectiveConfiguration Desired, EffectiveConfiguration Applied, ServerHealth Health, bool WaitsForAll)
    {
        private readonly Lazy<Dictionary<ServiceKey, VirtualService>> _previousServices =
            new(() => Applied.Desired.VirtualServices.ToDictionary(static s => s.Key));

        private readonly Lazy<Dictionary<PoolKey, Pool>> _pools =
            new(() => Desired.Pools.ToDictionary(static p => p.Key));
        private readonly Lazy<Dictionary<PoolKey, Pool>> _previousPools =
            new(() => Applied.Pools.ToDictionary(static p => p.Key));

        private readonly Lazy<ILookup<PoolKey, (Encap Encap, ServiceKey Service)>> _users =
            new(() => Desired.Desired.VirtualServices.Where(static s => s.Enabled)
            .ToLookup(static s => s.PoolKey, s => (Encap.Of(Desired.Desired.ProfileOf(s)), s.Key)));

        internal Retention Find() => new([.. Services()], [.. Servers()]);

        private IEnumerable<RetainedService> Services()
        {
            var (services, previousServices) = (Desired.Desired.VirtualServices, Applied.Desired.VirtualServices);
            for (var i = 0; i < services.Length; i++)
            {
                var service = services[i];
                if (i < previousServices.Length && previousServices[i] is var same && same.Key == service.Key
                    && Applied.ServingPoolOf(same) == service.PoolKey)
                    continue;
                if (_previousServices.Value.TryGetValue(service.Key, out var previous)
                    && RetainedPoolOf(service, previous) is { } pool)
                    yield return new RetainedService(service, pool);
            }
        }

        /// <summary>The pool that served a service until now and must continue to; null: the service may use its own
        /// pool.</summary>
        private Pool? RetainedPoolOf(VirtualService service, VirtualService previous)
        {
            var previousPool = Applied.ServingPoolOf(previous);
            if (previousPool == service.PoolKey || !MatchesSameTraffic(service, previous))
                return null;
            var encap = Encap.Of(Desired.Desired.ProfileOf(service));
            var pool = _pools.Value.GetValueOrDefault(previousPool) ?? _previousPools.Value[previousPool];
            return encap == Encap.Of(Applied.Desired.ProfileOf(previous))
                && !IsVerified(_pools.Value[service.PoolKey], encap, service.Key)
                && Health.HasServing(Applied.GroupOf(pool, encap, service.Key), pool) ? pool : null;
        }

        private IEnumerable<RetainedServers> Servers()
        {
            for (var i = 0; i < Desired.Pools.Length; i++)
            {
                var pool = Desired.Pools[i];
                if ((i < Applied.Pools.Length && ReferenceEquals(Applied.Pools[i], pool))
                    || !_previousPools.Value.TryGetValue(pool.Key, out var previous)
                    || ReferenceEquals(previous, pool))
                    continue;
                var removed = RemovedServers(previous, pool);
                var previousOnly = previous with { Servers = removed };
                if (!removed.IsEmpty && _users.Value[pool.Key]
                    .DistinctBy(u => Desired.GroupOf(pool, u.Encap, u.Service))
                    .Any(u => !IsVerified(pool, u.Encap, u.Service)
                        && Health.HasServing(Desired.GroupOf(pool, u.Encap, u.Service), previousOnly)))
                    yield return new RetainedServers(pool, removed);
            }
        }

        private static ImmutableArray<RealServer> RemovedServers(Pool previous, Pool pool)
        {
            var remaining = pool.Servers.Select(static s => s.VrfAddress).ToHashSet();
            return [.. previous.Servers.Where(s => !remaining.Contains(s.VrfAddress))];
        }

        /// <summary>True if the new servers are verified for a service; also for a pool in which no server is to
        /// serve.</summary>
        private bool IsVerified(Pool pool, Encap encap, ServiceKey service)
        {
            var group = Desired.GroupOf(pool, encap, service);
            return Health.HasHealthy(group, pool, all: true) || (!WaitsForAll && Health.HasHealthy(group, pool));
        }

        /// <summary>True if both versions match the same packets: the previous servers are configured for no
        /// others.</summary>
        private static bool MatchesSameTraffic(VirtualService service, VirtualService previous) =>
            service.Enabled && previous.Enabled
            && service.Protocol == previous.Protocol && service.Vips.SequenceEqual(previous.Vips)
            && service.Ports.SequenceEqual(previous.Ports);
    }
}
