using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Compiles pools, each for one encapsulation, and reuses groups that did not change. Thread-safe.</summary>
internal sealed class GroupCompiler
{
    /// <summary>How often flows are counted while they delay the end of a transition.</summary>
    private static readonly TimeSpan RecountInterval = TimeSpan.FromMinutes(1);

    /// <summary>Properties that every compilation needs, computed once per pool or group: both are immutable.</summary>
    private static readonly ConditionalWeakTable<Pool, StrongBox<bool>> EncapOverrides = [];
    private static readonly ConditionalWeakTable<ServerGroup, StrongBox<bool>> DrainingGroups = [];

    private readonly Lock _gate = new();
    private readonly CompilerInput _input;
    private readonly HashKey _key;
    private readonly DateTimeOffset _now;
    private readonly Lazy<FlowCounts>? _flows;
    private readonly CompilerInput? _previousInput;
    private readonly bool _sameKey;
    private readonly GroupHistory _previous;
    private readonly ConcurrentDictionary<PoolKey, NewestSlots> _newest = new();

    internal GroupCompiler(
        CompilerInput input, ForwardingTables? previous, IReadOnlySet<GroupKey> required, DateTimeOffset now,
        Func<FlowCounts>? countFlows)
    {
        _input = input;
        _key = input.Configuration.Desired.Group.HashKey;
        _now = now;
        _flows = countFlows is null ? null : new Lazy<FlowCounts>(countFlows);
        _previousInput = previous?.Input;
        _sameKey = previous?.HashKey == _key;
        _previous = new GroupHistory(previous?.Groups ?? [], required.Contains);
    }

    /// <summary>When the first of the groups must be compiled again; null: time alone changes none.</summary>
    internal DateTimeOffset? RecompileAt { get; private set; }

    /// <summary>Compiles the servers and slots of one group, or returns the previous group if nothing
    /// changed.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="services">The services that use the group, by name; at least one.</param>
    internal ServerGroup Compile(GroupKey key, VirtualService[] services)
    {
        var pool = _input.FindPool(key.Pool)!;
        var profile = _input.ProfileOf(services[0]);
        var previous = _previous.Find(key);
        if (previous is not null && IsUnchanged(previous, pool))
            return previous;

        // With another encapsulation, the pool is another group, but its slots move away from the same servers.
        previous ??= _previous.PredecessorOrSibling(key);
        var compiled = new ServerCompiler(
            key, profile, pool, _input.NextHops, _input.HealthOf(key, pool), previous, _now).Compile();
        foreach (var server in compiled)
            ScheduleRecompile(server.DrainEnds);
        var servers = compiled.Select(static s => s.Entry).ToImmutableArray();
        var slots = SlotsOf(pool, servers, previous);
        var isHashed = pool.Algorithm == Algorithm.ConsistentHash;
        var isEmpty = slots.Slots.IsEmpty;
        var keepsFlows = servers.Any(static s => s.NextHop is not null && s.Flows != FlowState.Move);
        if (!isHashed || previous is null || (isEmpty && !keepsFlows))
            return new ServerGroup(key, servers, slots);

        // Without a server for new flows, the slots stay all the same while a server keeps flows.
        var candidate = new ServerGroup(key, servers, isEmpty ? SlotTable.WithoutMembers(pool.Slots) : slots);
        var change = new SlotChange(
            previous, candidate, [.. compiled.Select(static s => s.KeepsUntrackedFlows)], _sameKey);
        var migrationWindow = services.Max(s => MigrationWindowOf(s, pool));
        var transition = Transitions.Next(change, migrationWindow, _now, _flows);
        if (transition is null)
            return isEmpty ? candidate with { Slots = slots } : candidate;
        ScheduleRecompile(Transitions.NextChange(transition, migrationWindow, _now)
            ?? (_flows is null ? null : _now + RecountInterval));
        return candidate with { Transition = transition };
    }

    private SlotTable SlotsOf(Pool pool, ImmutableArray<ServerEntry> servers, ServerGroup? previous)
    {
        var members = servers.Where(static s => s.IsUsable)
            .Select(static s => new SlotMember(s.Address, s.Weight)).ToArray();
        var parameters = new SlotTableParameters(pool.Algorithm, _key, pool.Slots);
        if (previous is not null && previous.Slots.IsOf(parameters, members))
            return previous.Slots;
        // The services of a pool mostly have the same servers. Groups are compiled in parallel: the second one
        // waits for the table instead of building it again.
        var newest = _newest.GetOrAdd(pool.Key, static _ => new NewestSlots());
        lock (newest)
        {
            return newest.Table is { } slots && slots.IsOf(parameters, members) ? slots
                : newest.Table = SlotTable.Of(parameters, members);
        }
    }

    /// <summary>The slot table of a pool that was built last.</summary>
    private sealed class NewestSlots
    {
        internal SlotTable? Table { get; set; }
    }

    /// <summary>True if compiling would give the same group again: the same pool and next hops, no transition, and no
    /// server that depends on more of the profile than the encapsulation.</summary>
    private bool IsUnchanged(ServerGroup previous, Pool pool)
    {
        if (!_sameKey || _previousInput is not { } input || previous.Transition is not null
            || !ReferenceEquals(input.HealthOf(previous.Key, pool), _input.HealthOf(previous.Key, pool))
            || !ReferenceEquals(input.FindPool(pool.Key), pool) || HasEncapOverrides(pool))
            return false;
        var nextHops = _input.NextHops.Servers;
        if (ReferenceEquals(nextHops, input.NextHops.Servers))
            return !Drains(previous);
        foreach (var server in previous.Servers)
        {
            if (server.DrainingSince is not null || server.Obstacle is not null
                || nextHops.GetValueOrDefault(server.VrfAddress) != server.NextHop)
                return false;
        }
        return true;
    }

    private static bool HasEncapOverrides(Pool pool) => EncapOverrides.GetValue(
        pool, static p => new StrongBox<bool>(p.Servers.Any(static s => s.Encapsulation is not null))).Value;

    private static bool Drains(ServerGroup group) => DrainingGroups.GetValue(
        group, static g => new StrongBox<bool>(g.Servers.Any(static s => s.DrainingSince is not null))).Value;

    /// <summary>The longest time that a live flow may be idle: after it, every live flow has sent a packet.</summary>
    private TimeSpan MigrationWindowOf(VirtualService service, Pool pool)
    {
        var idle = _input.ProfileOf(service).IdleTimeouts;
        var longest = service.Protocol switch
        {
            TransportProtocol.Tcp or TransportProtocol.Sctp => idle.Tcp,
            TransportProtocol.Udp => idle.Udp,
            _ => Math.Max(idle.Tcp, Math.Max(idle.Udp, idle.Icmp)),
        };
        return TimeSpan.FromSeconds(Math.Max(longest, pool.Persistence?.TimeoutSeconds ?? 0));
    }

    private void ScheduleRecompile(DateTimeOffset? at)
    {
        if (at is null)
            return;
        lock (_gate)
        {
            if (RecompileAt is null || at < RecompileAt)
                RecompileAt = at;
        }
    }
}
