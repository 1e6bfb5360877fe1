using System.Collections.Immutable;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>Compiles configuration, next hops, health and the previous tables to <see cref="ForwardingTables"/>. Pure:
/// the same input gives the same tables.</summary>
public static class TableCompiler
{
    /// <summary>Compiles a configuration as written by the operator.</summary>
    /// <remarks>For the parameters, see the overload for an <see cref="EffectiveConfiguration"/>.</remarks>
    public static ForwardingTables Compile(
        Configuration configuration, NextHops nextHops, ForwardingTables? previous = null, DateTimeOffset now = default,
        Func<FlowCounts>? countFlows = null, ServerHealth? health = null) =>
        Compile(new EffectiveConfiguration(configuration), nextHops, previous, now, countFlows, health);

    /// <summary>Compiles an effective configuration.</summary>
    /// <param name="configuration">The configuration, validated.</param>
    /// <param name="nextHops">The next hop of each resolved server.</param>
    /// <param name="previous">The tables in force: their live flows keep their servers. Unchanged parts are reused as
    /// the same instances. Null: there are none.</param>
    /// <param name="now">The current time, which ends migration windows and drains.</param>
    /// <param name="countFlows">Counts tracked flows; called at most once, and only when the result may end a
    /// transition. Null: they cannot be counted, and slots stay <see cref="Transition.Tracked"/>.</param>
    /// <param name="health">The healthy servers of monitored pools; null: every server is healthy.</param>
    public static ForwardingTables Compile(
        EffectiveConfiguration configuration, NextHops nextHops, ForwardingTables? previous = null,
        DateTimeOffset now = default, Func<FlowCounts>? countFlows = null, ServerHealth? health = null)
    {
        var desired = configuration.Desired;
        var input = new CompilerInput(configuration, nextHops, health);
        var enabled = desired.VirtualServices.Where(static s => s.Enabled)
            .OrderBy(static s => s.Key.ToString(), StringComparer.Ordinal)
            .Select(s => (
                Service: s, Group: configuration.GroupOf(input.PoolOf(s), Encap.Of(input.ProfileOf(s)), s.Key)))
            .ToArray();
        var required = enabled
            .SelectMany(e => configuration.PoolsOf(e.Service)
                .Select(p => (e.Service, Group: p == e.Group.Pool ? e.Group
                    : configuration.GroupOf(input.FindPool(p)!, e.Group.Encap, e.Service.Key))))
            .GroupBy(static e => e.Group, static e => e.Service)
            .Select(static g => (Name: g.Key.ToString(), g.Key, Services: g.ToArray()))
            .OrderBy(static g => g.Name, StringComparer.Ordinal).ToArray();
        var compiler = new GroupCompiler(
            input, previous, required.Select(static g => g.Key).ToHashSet(), now, countFlows);
        // On a first start, most of the time goes into the slot tables of many new pools: compile them in parallel.
        IEnumerable<ServerGroup> compiled = previous is null
            ? required.AsParallel().AsOrdered().Select(g => compiler.Compile(g.Key, g.Services))
            : required.Select(g => compiler.Compile(g.Key, g.Services));
        var groups = compiled.ToImmutableArray();
        var firstWithSlots = FirstWithSlots(groups);
        var canServe = groups.ToDictionary(static g => g.Key, static g => g.CanServe);
        var excluded = new ExcludedAddresses(enabled.SelectMany(static e => e.Service.Vips), nextHops.LocalAddresses);

        return new ForwardingTables
        {
            HashKey = desired.Group.HashKey,
            Interfaces = [.. nextHops.Interfaces.OrderBy(static i => i.Index)],
            Groups = groups,
            Services = [.. enabled.Select(e => ServiceOf(e.Service, e.Group, input, excluded)
                with { SlotsOf = firstWithSlots.GetValueOrDefault(e.Group, e.Group) })],
            Vips = CompileVips(desired, enabled, canServe, excluded),
            Peers = [.. desired.Group.Peers.Select(VrfAddress.InDefault).Where(nextHops.Peers.ContainsKey)
                .Select(p => nextHops.Peers[p]).Distinct().OrderBy(static m => m.Value)],
            OnNoService = desired.Group.OnNoService,
            RecompileAt = compiler.RecompileAt,
            Input = input,
        };
    }

    /// <summary>For each group of one service of a pool, the first group of the pool with the same slots. Groups in
    /// transition have slots of their own.</summary>
    private static Dictionary<GroupKey, GroupKey> FirstWithSlots(ImmutableArray<ServerGroup> groups)
    {
        var result = new Dictionary<GroupKey, GroupKey>();
        foreach (var pool in groups.Where(static g => g.Key.Service is not null).GroupBy(static g => g.Key.Shared))
        {
            var first = new List<ServerGroup>();
            foreach (var group in pool)
            {
                var same = group.Transition is null ? first.Find(f => f.Slots.HasSlotsOf(group.Slots)) : null;
                if (same is null && group.Transition is null)
                    first.Add(group);
                result.Add(group.Key, (same ?? group).Key);
            }
        }
        return result;
    }

    private static ServiceEntry ServiceOf(VirtualService service, GroupKey group, CompilerInput input,
        ExcludedAddresses excluded)
    {
        var pool = input.PoolOf(service);
        var profile = input.ProfileOf(service);
        return new ServiceEntry
        {
            Key = service.Key,
            Vips = excluded.Without(service.Vips),
            Protocol = service.Protocol,
            Ports = service.Ports,
            Group = group,
            Algorithm = pool.Algorithm,
            HashFields = pool.HashFields,
            FragmentTracking = pool.FragmentTracking,
            Persistence = pool.Persistence,
            IdleTimeouts = profile.IdleTimeouts,
            Oversized = profile.Oversized,
            UdpOnRebalance = profile.UdpOnRebalance,
            AccessList = input.AccessListOf(service),
            OncePerDatagram = service.OncePerDatagram,
            OnNoServer = service.OnNoServer,
        };
    }

    /// <summary>A VIP is in service while at least one of its services has traffic enabled and can serve it.</summary>
    private static ImmutableArray<VipEntry> CompileVips(
        Configuration configuration, (VirtualService Service, GroupKey Group)[] enabled,
        Dictionary<GroupKey, bool> canServe, ExcludedAddresses excluded)
    {
        var policies = configuration.Vips.ToDictionary(static v => v.Address, static v => v.Echo);
        return
        [
            .. enabled.SelectMany(static e => e.Service.Vips.Select(v => (Vip: v, Entry: e)))
                .GroupBy(static v => v.Vip, static v => v.Entry)
                .SelectMany(g => excluded.Without(g.Key).Select(v => (Vip: v, Written: g)))
                .OrderBy(static v => v.Vip.BaseAddress, AddressComparer.Instance)
                .ThenBy(static v => v.Vip.PrefixLength)
                .Select(v =>
                {
                    var g = v.Written;
                    var inService = g.Any(e => e.Service.TrafficEnabled && canServe[e.Group]);
                    var echo = policies.GetValueOrDefault(g.Key, EchoPolicy.Active);
                    var echoService = echo == EchoPolicy.Forward
                        ? g.FirstOrDefault(e => canServe[e.Group]).Service?.Key : null;
                    return new VipEntry(
                        v.Vip, inService && g.Key.IsSingle(), ActionOf(echo, inService, echoService), echoService)
                    {
                        InService = inService,
                    };
                }),
        ];
    }

    private static EchoAction ActionOf(EchoPolicy policy, bool inService, ServiceKey? echoService) => policy switch
    {
        EchoPolicy.Always => EchoAction.Reply,
        EchoPolicy.Active when inService => EchoAction.Reply,
        EchoPolicy.Forward when echoService is not null => EchoAction.Forward,
        _ => EchoAction.Drop,
    };
}
