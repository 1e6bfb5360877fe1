using System.Collections.Immutable;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control;

/// <summary>A change that would leave a service with nobody who is proven: what served until now goes on until somebody is.</summary>
internal sealed class HeldBack(TimeProvider time)
{
    /// <summary>How long all new servers are waited for. Then one of them is enough.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private Configuration? _wanted;
    private (Kept Kept, Configuration Configuration)? _held;
    private DateTimeOffset _since;

    /// <summary>When time alone changes what is held; null: never.</summary>
    internal DateTimeOffset? Wake => _held is not null && _since + Patience is var end && end > time.GetUtcNow() ? end : null;

    /// <summary>The configuration with what is held of the former one, or the same instance: nothing is.</summary>
    /// <param name="wanted">What is to come into force, or to stay so.</param>
    /// <param name="inForce">What this method returned for the configuration in force; null: nothing is in force.</param>
    /// <param name="health">Who is fit, of both.</param>
    internal Configuration In(Configuration wanted, Configuration? inForce, ServerHealth health)
    {
        var isNew = !ReferenceEquals(_wanted, wanted);
        if (isNew)
            (_wanted, _held, _since) = (wanted, null, time.GetUtcNow());
        // What is not held when a configuration comes is not held when its servers fail later.
        if (inForce is null || ReferenceEquals(inForce, wanted) || (_held is null && !isNew))
            return wanted;
        var kept = new Search(wanted, inForce, health, AllAreWaitedFor: !isNew && time.GetUtcNow() - _since < Patience).Find();
        if (kept.IsEmpty)
            _held = null;
        else if (_held is null || !kept.IsSameAs(_held.Value.Kept))
            _held = (kept, kept.In(wanted, inForce));
        return _held?.Configuration ?? wanted;
    }

    /// <summary>What is held: services by their former pools, and in pools the servers that the file no longer has.</summary>
    private sealed record Kept(ImmutableArray<(VirtualService Service, Pool Holder)> Services, ImmutableArray<(Pool Pool, ImmutableArray<RealServer> Servers)> Pools)
    {
        internal bool IsEmpty => Services.IsEmpty && Pools.IsEmpty;

        internal bool IsSameAs(Kept other) => Services.SequenceEqual(other.Services) && Pools.Select(static p => p.Pool).SequenceEqual(other.Pools.Select(static p => p.Pool));

        internal Configuration In(Configuration wanted, Configuration inForce)
        {
            var holders = Services.ToDictionary(static s => s.Service.Name, static s => s.Holder);
            var grown = Pools.ToDictionary(static p => p.Pool.Name, static p => p.Pool with { Servers = [.. p.Pool.Servers, .. p.Servers] });
            var gone = holders.Values.Distinct().Where(p => !wanted.Pools.Contains(p)).ToArray();
            var monitors = gone.SelectMany(static p => p.Monitors ?? []).Except(wanted.HealthMonitors.Select(static m => m.Name)).ToHashSet();
            return wanted with
            {
                Pools = [.. wanted.Pools.Select(p => grown.GetValueOrDefault(p.Name, p)), .. gone],
                HealthMonitors = [.. wanted.HealthMonitors, .. inForce.HealthMonitors.Where(m => monitors.Contains(m.Name))],
                VirtualServices = [.. wanted.VirtualServices.Select(s => holders.TryGetValue(s.Name, out var holder) ? s with { HeldBy = holder.Name } : s)],
                Held =
                [
                    .. Services.Select(static s => $"{s.Service.Name} is still served by pool {s.Holder.Name}: the servers of pool {s.Service.Pool} have not proven themselves yet"),
                    .. Pools.Select(static p => $"pool {p.Pool.Name} still has {string.Join(", ", p.Servers.Select(static s => $"{s.Name} ({s.Address})"))}: "
                        + "its other servers have not proven themselves yet"),
                ],
            };
        }
    }

    /// <summary>Compares two configurations. Most changes leave nearly everything as it is, and there may be much of it.</summary>
    private sealed record Search(Configuration Wanted, Configuration InForce, ServerHealth Health, bool AllAreWaitedFor)
    {
        private readonly Lazy<Dictionary<string, VirtualService>> _services = new(() => InForce.VirtualServices.ToDictionary(static s => s.Name));
        private readonly Lazy<Dictionary<string, Pool>> _pools = new(() => Wanted.Pools.ToDictionary(static p => p.Name));
        private readonly Lazy<Dictionary<string, Pool>> _formerPools = new(() => InForce.Pools.ToDictionary(static p => p.Name));

        private readonly Lazy<ILookup<string, Way>> _ways = new(() => Wanted.VirtualServices.Where(static s => s.Enabled)
            .ToLookup(static s => s.Pool, s => Way.Of(Wanted.ProfileOf(s))));

        internal Kept Find() => new([.. Services()], [.. Pools()]);

        private IEnumerable<(VirtualService Service, Pool Holder)> Services()
        {
            for (var i = 0; i < Wanted.VirtualServices.Length; i++)
            {
                var service = Wanted.VirtualServices[i];
                if (i < InForce.VirtualServices.Length && InForce.VirtualServices[i] is var same && same.Name == service.Name && same.ServingPool == service.Pool)
                    continue;
                if (!_services.Value.TryGetValue(service.Name, out var former) || former.ServingPool == service.Pool || !TakesTheSame(service, former))
                    continue;
                var way = Way.Of(Wanted.ProfileOf(service));
                var holder = _pools.Value.GetValueOrDefault(former.ServingPool) ?? _formerPools.Value[former.ServingPool];
                if (way == Way.Of(InForce.ProfileOf(former)) && !IsProven(_pools.Value[service.Pool], way) && Health.Has(new GroupKey(holder.Name, way), holder))
                    yield return (service, holder);
            }
        }

        private IEnumerable<(Pool Pool, ImmutableArray<RealServer> Servers)> Pools()
        {
            for (var i = 0; i < Wanted.Pools.Length; i++)
            {
                var pool = Wanted.Pools[i];
                if ((i < InForce.Pools.Length && ReferenceEquals(InForce.Pools[i], pool)) || !_formerPools.Value.TryGetValue(pool.Name, out var former)
                    || ReferenceEquals(former, pool))
                    continue;
                var gone = Gone(former, pool);
                var leaving = former with { Servers = gone };
                if (!gone.IsEmpty && _ways.Value[pool.Name].Distinct().Any(w => !IsProven(pool, w) && Health.Has(new GroupKey(pool.Name, w), leaving)))
                    yield return (pool, gone);
            }
        }

        private static ImmutableArray<RealServer> Gone(Pool former, Pool pool)
        {
            var stay = pool.Servers.Select(static s => s.Address).ToHashSet();
            return [.. former.Servers.Where(s => !stay.Contains(s.Address))];
        }

        /// <summary>Also where nobody is to serve: then there is nobody to wait for.</summary>
        private bool IsProven(Pool pool, Way way)
        {
            var group = new GroupKey(pool.Name, way);
            return Health.Has(group, pool, all: true) || (!AllAreWaitedFor && Health.Has(group, pool));
        }

        /// <summary>Only then the former servers are ready for what comes.</summary>
        private static bool TakesTheSame(VirtualService service, VirtualService former) => service.Enabled && former.Enabled
            && service.Protocol == former.Protocol && service.Vips.SequenceEqual(former.Vips) && service.Ports.SequenceEqual(former.Ports);
    }
}
