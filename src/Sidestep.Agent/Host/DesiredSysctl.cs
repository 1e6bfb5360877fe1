using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Host;

/// <summary>The sysctls that a real server needs, and the values of each that are good enough.</summary>
internal static class DesiredSysctl
{
    /// <summary>The sysctls in the order to set them: <c>all</c> first, because it covers interfaces that appear
    /// later.</summary>
    /// <remarks>rp_filter is set on the interface only: the kernel uses the larger value, and loose (2) is larger than
    /// strict (1), so <c>all</c> needs no change. It is set even where validation is off (0), so that a later
    /// <c>all</c>=1 does no harm.</remarks>
    /// <param name="ingress">The interfaces that receive traffic for VIPs.</param>
    /// <returns>Each sysctl with the index of its interface (0 for <c>all</c>) and the value to write.</returns>
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

    /// <summary>The condition (see <see cref="ConditionNames"/>) that a sysctl belongs to.</summary>
    public static string ConditionOf(string key) => key switch
    {
        Sysctl.ArpIgnore => ConditionNames.ArpIgnore,
        Sysctl.ArpAnnounce => ConditionNames.ArpAnnounce,
        Sysctl.RpFilter => ConditionNames.RpFilter,
        Sysctl.ArpFilter => ConditionNames.ArpFilter,
        _ => ConditionNames.ProxyArp,
    };

    /// <summary>True if a value is good enough, so that the agent leaves it as the operator set it.</summary>
    /// <remarks>arp_ignore: with 1 and 2 the kernel replies only for addresses of the interface that received the
    /// request. With 3 it replies for no address of scope host, which a VIP has unless another program added it. With 8
    /// it never replies. 4 to 7 are reserved and act like 0. arp_announce: a value above 2 acts like 0. rp_filter: 1 is
    /// strict.</remarks>
    public static bool Serves(string key, int value, bool vipsHaveScopeHost) => key switch
    {
        Sysctl.ArpIgnore => value is 1 or 2 or 8 || (value == 3 && vipsHaveScopeHost),
        Sysctl.ArpAnnounce => value == 2,
        Sysctl.RpFilter => value != 1,
        _ => value == 0,
    };
}
