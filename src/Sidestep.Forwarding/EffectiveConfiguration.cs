using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The operator's configuration as the daemon applies it: the same pools and services, with servers that drain
/// although the file has them enabled, and with the parts of the previous configuration that make-before-break retains.
/// Tables, checks and servers' specs are made from it.</summary>
/// <remarks>Immutable. Pools that differ in nothing are the instances of <see cref="Desired"/>.</remarks>
public sealed class EffectiveConfiguration
{
    private readonly Dictionary<ServiceKey, PoolKey> _servingPools;
    private readonly Lazy<Dictionary<string, HealthMonitor>> _monitors;
    private readonly Lazy<Dictionary<PoolKey, int>> _servicesOfPools;

    /// <summary>Exactly what the operator wrote: nothing drains beyond it and nothing is retained.</summary>
    public EffectiveConfiguration(Configuration desired)
        : this(desired ?? throw new ArgumentNullException(nameof(desired)), desired.Pools,
            desired.HealthMonitors, [], [], [])
    {
    }

    private EffectiveConfiguration(
        Configuration desired, ImmutableArray<Pool> pools, ImmutableArray<HealthMonitor> monitors,
            ImmutableArray<ServerDrain> drains,
        ImmutableArray<RetainedService> services, ImmutableArray<RetainedServers> servers)
    {
        Desired = desired;
        Pools = pools;
        HealthMonitors = monitors;
        Drains = drains;
        RetainedServices = services;
        RetainedServers = servers;
        _monitors = new(() => monitors.ToDictionary(static m => m.Name));
        _servicesOfPools = new(() => desired.VirtualServices.Where(static s => s.Enabled).SelectMany(PoolsOf)
            .CountBy(static p => p).ToDictionary());
        _servingPools = services.ToDictionary(static s => s.Service.Key, static s => s.ServingPool.Key);
    }

    /// <summary>The configuration exactly as the operator wrote it.</summary>
    public Configuration Desired { get; }

    /// <summary>The pools of <see cref="Desired"/> in their order, with drains and retained servers (last in their
    /// pool), then pools that only retained services use.</summary>
    public ImmutableArray<Pool> Pools { get; }

    /// <summary>The monitors of <see cref="Desired"/>, then those that only retained pools name.</summary>
    public ImmutableArray<HealthMonitor> HealthMonitors { get; }

    /// <summary>The group that a service chooses servers from.</summary>
    /// <param name="pool">A pool that serves it.</param>
    /// <param name="encap">The encapsulation of its network profile.</param>
    /// <param name="service">The service.</param>
    public GroupKey GroupOf(Pool pool, Encap encap, ServiceKey service)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var isOwn = pool.HealthScope switch
        {
            HealthScope.Service => true,
            HealthScope.Pool => false,
            _ => _servicesOfPools.Value.GetValueOrDefault(pool.Key) <= Limits.ServicesWithOwnHealth,
        };
        return new GroupKey(pool.Key, encap, isOwn && pool.IsMonitored ? service : null);
    }

    /// <summary>The monitor with a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public HealthMonitor MonitorOf(string name) => _monitors.Value[name];

    /// <summary>The requested drains of servers that the file has enabled, with the reasons. They may name servers that
    /// no pool has.</summary>
    public ImmutableArray<ServerDrain> Drains { get; }

    /// <summary>Services that their previous pools still serve.</summary>
    public ImmutableArray<RetainedService> RetainedServices { get; }

    /// <summary>Servers that the file no longer has and that their pools still use.</summary>
    public ImmutableArray<RetainedServers> RetainedServers { get; }

    /// <summary>True if anything of the previous configuration is still in use.</summary>
    public bool RetainsAny => !RetainedServices.IsEmpty || !RetainedServers.IsEmpty;

    /// <summary>The pool whose servers receive the packets of a service.</summary>
    public PoolKey ServingPoolOf(VirtualService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return _servingPools.GetValueOrDefault(service.Key, service.PoolKey);
    }

    /// <summary>The pools whose servers must be ready for a service: its own, and the one that serves it
    /// meanwhile.</summary>
    public IEnumerable<PoolKey> PoolsOf(VirtualService service)
    {
        var serving = ServingPoolOf(service);
        return serving == service.PoolKey ? [serving] : [service.PoolKey, serving];
    }

    /// <summary>Returns this configuration with overrides of servers. Pools in which no server changes stay the same
    /// instances. Without overrides that have an effect, the method returns this instance.</summary>
    public EffectiveConfiguration WithOverrides(IReadOnlyCollection<ServerOverride> overrides)
    {
        ArgumentNullException.ThrowIfNull(overrides);
        if (overrides.Count == 0)
            return this;
        var ofPools = overrides.ToLookup(static o => o.Pool);
        RealServer Overridden(PoolKey pool, RealServer server) =>
            ofPools[pool].FirstOrDefault(o => o.Server == server.Name)?.ApplyTo(server) ?? server;
        Pool WithServers(Pool pool)
        {
            if (!ofPools.Contains(pool.Key))
                return pool;
            ImmutableArray<RealServer> servers = [.. pool.Servers.Select(s => Overridden(pool.Key, s))];
            return servers.Zip(pool.Servers).All(static p => ReferenceEquals(p.First, p.Second)) ? pool
                : pool with { Servers = servers };
        }
        ImmutableArray<Pool> pools = [.. Pools.Select(WithServers)];
        return pools.Zip(Pools).All(static p => ReferenceEquals(p.First, p.Second)) ? this
            : new EffectiveConfiguration(Desired, pools, HealthMonitors, Drains, RetainedServices, RetainedServers);
    }

    /// <summary>Returns this configuration with the given servers draining, as far as they are enabled. Pools in which
    /// no server changes stay the same instances. Without drains, the method returns this instance.</summary>
    public EffectiveConfiguration WithDrains(IReadOnlyCollection<ServerDrain> drains)
    {
        ArgumentNullException.ThrowIfNull(drains);
        if (drains.Count == 0)
            return this;
        var keys = drains.Select(static d => d.Server).ToHashSet();
        bool Drains(RealServer s) => s.State == ServerState.Enabled
            && (keys.Contains(s.KeyByName) || keys.Contains(s.KeyByAddress));
        RealServer DrainedServer(RealServer s) => Drains(s) ? s with { State = ServerState.Draining } : s;
        Pool Drained(Pool pool) =>
            pool.Servers.Any(Drains) ? pool with { Servers = [.. pool.Servers.Select(DrainedServer)] } : pool;
        return new EffectiveConfiguration(
            Desired, [.. Pools.Select(Drained)], HealthMonitors, [.. this.Drains, .. drains], RetainedServices,
                RetainedServers);
    }

    /// <summary>Returns this configuration together with parts of the previous one that stay in use. This configuration
    /// must not retain anything yet.</summary>
    /// <param name="services">Services that their previous pools serve.</param>
    /// <param name="servers">Removed servers, by the pool of this configuration that still uses them.</param>
    /// <param name="previousMonitors">Where the monitors of retained pools are defined.</param>
    public EffectiveConfiguration WithRetained(
        ImmutableArray<RetainedService> services, ImmutableArray<RetainedServers> servers,
            ImmutableArray<HealthMonitor> previousMonitors)
    {
        if (RetainsAny)
            throw new InvalidOperationException("this configuration already retains parts of its predecessor");
        var keys = Pools.Select(static p => p.Key).ToHashSet();
        var extended = servers.ToDictionary(
            static r => r.Pool.Key, static r => r.Pool with { Servers = [.. r.Pool.Servers, .. r.Servers] });
        var removed = services.Select(static s => s.ServingPool).Where(p => !keys.Contains(p.Key))
            .DistinctBy(static p => p.Key).ToArray();
        var monitors = removed.SelectMany(static p => p.Monitors ?? [])
            .Except(HealthMonitors.Select(static m => m.Name)).ToHashSet();
        return new EffectiveConfiguration(
            Desired,
            [.. Pools.Select(p => extended.GetValueOrDefault(p.Key, p)), .. removed],
            [.. HealthMonitors, .. previousMonitors.Where(m => monitors.Contains(m.Name))],
            Drains, services, servers);
    }
}

/// <summary>A request to drain a server.</summary>
/// <param name="Server">The server.</param>
/// <param name="Source">The part of the daemon that requested it. Each source has a request of its own; one is
/// enough.</param>
public readonly record struct ServerDrain(RealServerKey Server, DrainSource Source);

/// <summary>The origin of a drain that is not in the file.</summary>
public enum DrainSource
{
    /// <summary>The operator of the server, through its agent.</summary>
    Operator,

    /// <summary>The server answers for a VIP, and <c>conflictDetection.drain</c> is on.</summary>
    VipConflict,
}

/// <summary>A service that its previous pool serves, because the servers of its own pool are not verified
/// yet.</summary>
/// <param name="Service">As the operator wrote it.</param>
/// <param name="ServingPool">The previous pool; it may be gone from the file.</param>
public sealed record RetainedService(VirtualService Service, Pool ServingPool);

/// <summary>Servers that the file no longer has, in use because the other servers of their pool are not verified
/// yet.</summary>
/// <param name="Pool">The pool without them.</param>
/// <param name="Servers">At least one.</param>
public sealed record RetainedServers(Pool Pool, ImmutableArray<RealServer> Servers);
