using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Configuration and next hops -> <see cref="ForwardingTables"/>. Pure: the same input gives the same tables.</summary>
public static class TableCompiler
{
    /// <summary>Compiles.</summary>
    /// <param name="configuration">Validated.</param>
    /// <param name="nextHops">What is known of the way to each server.</param>
    /// <param name="previous">The last result; slot tables whose members did not change are taken over, which changes the
    /// time that this takes and nothing else.</param>
    public static ForwardingTables Compile(Configuration configuration, NextHops nextHops, ForwardingTables? previous = null)
    {
        var key = configuration.Director.HashKey;
        var reusable = previous is not null && previous.HashKey == key
            ? previous.Groups.ToDictionary(static g => g.Key, static g => g.Slots)
            : [];
        var pools = configuration.Pools.ToDictionary(static p => p.Name);
        var profiles = configuration.NetworkProfiles.ToDictionary(static p => p.Name);
        var enabled = configuration.VirtualServices.Where(static s => s.Enabled)
            .OrderBy(static s => s.Name, StringComparer.Ordinal).ToArray();

        GroupKey GroupOf(VirtualService service)
        {
            var profile = service.NetworkProfile is { } name ? profiles[name] : NetworkProfile.Default;
            return new GroupKey(service.Pool, profile.DsrType == DsrType.L3 ? profile.Encapsulation : null);
        }

        var groups = enabled.Select(GroupOf).Distinct().OrderBy(static k => k.ToString(), StringComparer.Ordinal)
            .Select(k => CompileGroup(k, pools[k.Pool], key, nextHops, reusable.GetValueOrDefault(k)))
            .ToImmutableArray();
        var usable = groups.ToDictionary(static g => g.Key, static g => !g.Slots.Members.IsEmpty);

        return new ForwardingTables
        {
            HashKey = key,
            Interfaces = [.. nextHops.Interfaces.OrderBy(static i => i.Index)],
            Groups = groups,
            Services = [.. enabled.Select(s => new ServiceEntry(
                s.Name, s.Vip, s.Protocol, (ushort)s.Port, pools[s.Pool].HashFields, GroupOf(s)))],
            Vips = CompileVips(enabled, s => usable[GroupOf(s)]),
        };
    }

    private static ServerGroup CompileGroup(
        GroupKey key, Pool pool, HashKey hashKey, NextHops nextHops, SlotTable? previous)
    {
        var servers = pool.Servers.OrderBy(static s => s.Address, AddressOrder.Instance)
            .Select(s => new ServerEntry(s.Name, s.Address, s.Enabled ? s.Weight : 0, NextHopOf(s, key, nextHops)))
            .ToImmutableArray();
        var members = servers.Where(static s => s.IsUsable).Select(static s => new SlotMember(s.Address, s.Weight)).ToArray();
        var unchanged = previous is not null && previous.Members.AsSpan().SequenceEqual(members)
            && (members.Length == 0 || previous.Slots.Length == pool.Slots);
        return new ServerGroup(key, servers, unchanged ? previous! : SlotTable.Build(hashKey, members, pool.Slots));
    }

    /// <summary>At layer 2 a frame to a router would come back to the VIP's owner: such a way is none.</summary>
    private static NextHop? NextHopOf(RealServer server, GroupKey group, NextHops nextHops) =>
        nextHops.Servers.TryGetValue(server.Address, out var hop) && !(hop.ViaRouter && group.Encapsulation is null) ? hop : null;

    /// <summary>A VIP is in service while at least one of its services attracts traffic and can serve it (DSR-14).</summary>
    private static ImmutableArray<VipEntry> CompileVips(IEnumerable<VirtualService> enabled, Func<VirtualService, bool> isUsable) =>
    [
        .. enabled.GroupBy(static s => s.Vip)
            .OrderBy(static g => g.Key, AddressOrder.Instance)
            .Select(g =>
            {
                var inService = g.Any(s => s.TrafficEnabled && isUsable(s));
                return new VipEntry(g.Key, AnswersArp: inService, AnswersEcho: inService);
            }),
    ];
}
