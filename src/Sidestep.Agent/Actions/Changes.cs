using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.State;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Works out the state to write before the first change.</summary>
internal static class Changes
{
    /// <summary>True when apply writes the value over the one that is there.</summary>
    /// <remarks>rp_filter is brought to 2 even from 0, see <see cref="SysctlWish.For"/>; the rest stays if it serves.</remarks>
    public static bool IsNeeded(string key, int found, int wanted, bool vipsHaveScopeHost) =>
        key == Sysctl.RpFilter ? found != wanted : !SysctlWish.Serves(key, found, vipsHaveScopeHost);

    /// <summary>What was there before an earlier apply stays what was there before.</summary>
    public static AgentState Merge(AgentState earlier, Wish wish, ServerFacts host, NetlinkSocket socket)
    {
        var sysctls = new List<SysctlRecord>(earlier.Sysctls);
        foreach (var (setting, index, value) in SysctlWish.For(wish.Interfaces))
        {
            var found = setting.Read();
            if (!sysctls.Any(s => s.InterfaceIndex == index && s.Key == setting.Key)
                && IsNeeded(setting.Key, found, value, VipsHaveScopeHost(wish.Vips, host)))
                sysctls.Add(new SysctlRecord(index, setting.Scope, setting.Key, found, value));
        }
        var addresses = new List<AddressRecord>(earlier.Addresses);
        foreach (var vip in wish.Vips.Where(v => !addresses.Any(a => a.Vip == v.ToString())))
            addresses.Add(new AddressRecord(vip.ToString(), host.OnLoopback(vip) is not null));

        var qdiscs = new List<QdiscRecord>(earlier.Qdiscs);
        if (wish.Encapsulation is not null)
        {
            foreach (var item in wish.Interfaces.Where(i => !qdiscs.Any(q => q.InterfaceIndex == i.Index)))
                qdiscs.Add(new QdiscRecord(item.Index, TcFilters.Qdisc(socket, item.Index) is not null));
        }
        return earlier with { Sysctls = sysctls, Addresses = addresses, Qdiscs = qdiscs, Wish = Record(wish) };
    }

    /// <summary>VIPs that are on lo already, with a wider scope, are the operator's.</summary>
    public static bool VipsHaveScopeHost(IEnumerable<IPAddress> vips, ServerFacts host) =>
        vips.All(v => host.OnLoopback(v) is null or { Scope: AddressScope.Host });

    private static WishRecord Record(Wish wish) => new()
    {
        Vips = [.. wish.Vips.Select(static v => v.ToString())],
        Interfaces = [.. wish.Interfaces.Select(static i => i.Index)],
        Decapsulate = wish.Encapsulation is null ? null : "ipip",
        Directors = [.. wish.Directors.Select(static d => d.ToString())],
    };
}
