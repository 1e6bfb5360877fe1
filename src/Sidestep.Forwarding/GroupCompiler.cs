using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Compiles pools, each for one way of reaching it, and takes over those that did not change. Any threads.</summary>
internal sealed class GroupCompiler
{
    /// <summary>How often flows are counted while they hold up the end of a transition.</summary>
    private static readonly TimeSpan CountAgain = TimeSpan.FromMinutes(1);

    /// <summary>What is asked of every pool and group with each change, found out once: neither ever changes.</summary>
    private static readonly ConditionalWeakTable<Pool, StrongBox<bool>> OwnWays = [];
    private static readonly ConditionalWeakTable<ServerGroup, StrongBox<bool>> Draining = [];

    private readonly Lock _gate = new();
    private readonly CompiledFrom _origin;
    private readonly HashKey _key;
    private readonly DateTimeOffset _now;
    private readonly Lazy<FlowCounts>? _flows;
    private readonly CompiledFrom? _formerOrigin;
    private readonly bool _sameKey;
    private readonly Dictionary<GroupKey, ServerGroup> _former;
    private readonly Dictionary<string, ServerGroup> _formerByPool;

    internal GroupCompiler(CompiledFrom origin, ForwardingTables? previous, DateTimeOffset now, Func<FlowCounts>? countFlows)
    {
        _origin = origin;
        _key = origin.Configuration.Director.HashKey;
        _now = now;
        _flows = countFlows is null ? null : new Lazy<FlowCounts>(countFlows);
        _formerOrigin = previous?.Origin;
        _sameKey = previous?.HashKey == _key;
        var groups = previous?.Groups ?? [];
        _former = groups.ToDictionary(static g => g.Key);
        _formerByPool = groups.DistinctBy(static g => g.Key.Pool).ToDictionary(static g => g.Key.Pool);
    }

    /// <summary>When the earliest of the groups must be compiled again.</summary>
    internal DateTimeOffset? Wake { get; private set; }

    /// <summary>Compiles the pool of a group.</summary>
    /// <param name="key">The group.</param>
    /// <param name="services">Those that choose from it, by name.</param>
    internal ServerGroup Compile(GroupKey key, VirtualService[] services)
    {
        var pool = _origin.FindPool(key.Pool)!;
        var profile = _origin.ProfileOf(services[0]);
        var former = _former.GetValueOrDefault(key);
        if (former is not null && IsUnchanged(former, pool))
            return former;

        // A pool that is reached in another way from now on is another group, but its slots are on their way from the same servers.
        former ??= _formerByPool.GetValueOrDefault(pool.Name);
        var compiled = new ServerCompiler(key, profile, pool, _origin.NextHops, _origin.FitOf(key, pool), former, _now).Compile();
        foreach (var server in compiled)
            WakeAt(server.DrainEnds);
        var servers = compiled.Select(static s => s.Entry).ToImmutableArray();
        var slots = SlotsOf(pool, servers, former);
        var isHashed = pool.Algorithm == Algorithm.ConsistentHash;
        var isEmpty = slots.Slots.IsEmpty;
        if (!isHashed || former is null || (isEmpty && !servers.Any(static s => s.NextHop is not null && s.Flows != FlowState.Move)))
            return new ServerGroup(key, servers, slots);

        // With nobody to take new flows, the slots stay nevertheless while somebody has flows that stay.
        var candidate = new ServerGroup(key, servers, isEmpty ? SlotTable.OfNobody(pool.Slots) : slots);
        var change = new SlotChange(former, candidate, [.. compiled.Select(static s => s.CanBeFormer)], _sameKey);
        var window = services.Max(s => WindowOf(s, pool));
        var transition = Transitions.Next(change, window, _now, _flows);
        if (transition is null)
            return isEmpty ? candidate with { Slots = slots } : candidate;
        WakeAt(Transitions.NextChange(transition, window, _now)
            ?? (_flows is null ? null : _now + CountAgain));
        return candidate with { Transition = transition };
    }

    private SlotTable SlotsOf(Pool pool, ImmutableArray<ServerEntry> servers, ServerGroup? former)
    {
        var members = servers.Where(static s => s.IsUsable).Select(static s => new SlotMember(s.Address, s.Weight)).ToArray();
        var recipe = new SlotRecipe(pool.Algorithm, _key, pool.Slots);
        return former is not null && former.Slots.IsOf(recipe, members) ? former.Slots : SlotTable.Of(recipe, members);
    }

    /// <summary>True when compiling would give the same again: the same pool and next hops, nothing under way, and nothing that
    /// depends on more of the profile than the way.</summary>
    private bool IsUnchanged(ServerGroup former, Pool pool)
    {
        if (!_sameKey || _formerOrigin is not { } origin || former.Transition is not null
            || !ReferenceEquals(origin.FitOf(former.Key, pool), _origin.FitOf(former.Key, pool))
            || !ReferenceEquals(origin.FindPool(pool.Name), pool) || HasOwnWays(pool))
            return false;
        var hops = _origin.NextHops.Servers;
        if (ReferenceEquals(hops, origin.NextHops.Servers))
            return !Drains(former);
        foreach (var server in former.Servers)
        {
            if (server.DrainingSince is not null || server.Obstacle is not null
                || hops.GetValueOrDefault(server.Address) != server.NextHop)
                return false;
        }
        return true;
    }

    private static bool HasOwnWays(Pool pool) =>
        OwnWays.GetValue(pool, static p => new StrongBox<bool>(p.Servers.Any(static s => s.Encapsulation is not null))).Value;

    private static bool Drains(ServerGroup group) =>
        Draining.GetValue(group, static g => new StrongBox<bool>(g.Servers.Any(static s => s.DrainingSince is not null))).Value;

    /// <summary>How long a flow may be silent and live: then it has shown itself to every table.</summary>
    private TimeSpan WindowOf(VirtualService service, Pool pool)
    {
        var idle = _origin.ProfileOf(service).IdleTimeouts;
        var longest = service.Protocol switch
        {
            TransportProtocol.Tcp => idle.Tcp,
            TransportProtocol.Udp => idle.Udp,
            _ => Math.Max(idle.Tcp, Math.Max(idle.Udp, idle.Icmp)),
        };
        return TimeSpan.FromSeconds(Math.Max(longest, pool.Persistence?.TimeoutSeconds ?? 0));
    }

    private void WakeAt(DateTimeOffset? at)
    {
        if (at is null)
            return;
        lock (_gate)
        {
            if (Wake is null || at < Wake)
                Wake = at;
        }
    }
}
