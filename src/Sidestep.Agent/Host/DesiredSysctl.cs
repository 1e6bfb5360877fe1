using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Host;

/// <summary>Which settings a real server needs, and whether a value that is there will do.</summary>
internal static class DesiredSysctl
{
    /// <summary>The settings in the order to make them: <c>all</c> first, because it covers interfaces that appear later.</summary>
    /// <remarks>rp_filter is set on the interface only: the kernel takes the larger value, and loose (2) is larger than
    /// strict (1), so that <c>all</c> needs no change whatever it is. It is set even where validation is off (0), so that a
    /// later <c>all</c>=1 does no harm.</remarks>
    public static IEnumerable<(Sysctl Setting, int InterfaceIndex, int Value)> For(IEnumerable<InterfaceInfo> ingress)
    {
        yield return (new Sysctl(Sysctl.All, Sysctl.ArpIgnore), 0, 1);
        yield return (new Sysctl(Sysctl.All, Sysctl.ArpAnnounce), 0, 2);
        foreach (var item in ingress)
        {
            yield return (new Sysctl(item.Name, Sysctl.ArpIgnore), item.Index, 1);
            yield return (new Sysctl(item.Name, Sysctl.ArpAnnounce), item.Index, 2);
            yield return (new Sysctl(item.Name, Sysctl.RpFilter), item.Index, 2);
        }
    }

    /// <summary>The condition that a setting is part of.</summary>
    public static string ConditionOf(string key) => key switch
    {
        Sysctl.ArpIgnore => ConditionNames.ArpIgnore,
        Sysctl.ArpAnnounce => ConditionNames.ArpAnnounce,
        Sysctl.RpFilter => ConditionNames.RpFilter,
        Sysctl.ArpFilter => ConditionNames.ArpFilter,
        _ => ConditionNames.ProxyArp,
    };

    /// <summary>True when a value serves, so that it is left as the operator has it.</summary>
    /// <remarks>arp_ignore: 1 and 2 answer only for addresses of the interface asked at, 3 answers for none of scope host,
    /// which a VIP has unless someone else put it there, and 8 answers for none; 4 to 7 are reserved and act like 0.
    /// arp_announce: anything above 2 acts like 0. rp_filter: 1 is strict.</remarks>
    public static bool Serves(string key, int value, bool vipsHaveScopeHost) => key switch
    {
        Sysctl.ArpIgnore => value is 1 or 2 or 8 || (value == 3 && vipsHaveScopeHost),
        Sysctl.ArpAnnounce => value == 2,
        Sysctl.RpFilter => value != 1,
        _ => value == 0,
    };
}
