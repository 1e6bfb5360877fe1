using System.Globalization;
using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Checks every condition of a real server against the kernel, and changes nothing.</summary>
internal static class Verifier
{
    public const string ApplyAgain = "Run 'sidestep-agent apply' again.";

    private const string ArpIgnoreValues = "1 (or 2)", ArpAnnounceValues = "2", RpFilterValues = "2 (loose) or 0 (off)",
        RouteExpected = "a route to every client";

    /// <param name="desired">The desired state.</param>
    /// <param name="host">The present state.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="programs">The programs of this agent, to compare with those attached; null: none are
    /// desired.</param>
    public static Verification Check(
        DesiredState desired, HostInventory host, IHostKernel kernel, IAgentPrograms? programs)
    {
        var result = new Verification();
        foreach (var vip in desired.Vips)
            Vip(vip, host, result);
        if (desired.HasFamily(AddressFamily.InterNetworkV6))
            NeighbourCheck.Run(desired, host, kernel, result);
        var scopeHost = Deviations.VipsHaveScopeHost(desired, host);
        All(kernel, Sysctl.ArpIgnore, scopeHost, ArpIgnoreValues, result);
        All(kernel, Sysctl.ArpAnnounce, scopeHost, ArpAnnounceValues, result);
        var loopback = host.Interfaces.First(static i => i.IsLoopback);
        if (!loopback.IsUp)
        {
            result.Add(false, ConditionNames.DeviceUp, loopback.Name, "down", "up",
                $"Run: ip link set {loopback.Name} up");
        }
        foreach (var item in desired.Interfaces)
            Interface(item, kernel, scopeHost, result);
        ProgramCheck.Run(desired, host, kernel, programs, result);
        foreach (var family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
        {
            if (desired.HasFamily(family))
                DefaultRoute(family, host, result);
        }
        return result;
    }

    private static void Vip(DesiredVip vip, HostInventory host, Verification result)
    {
        if (vip.IsIPv6 && !host.LoopbackHasIPv6)
        {
            result.Add(false, ConditionNames.Vip, vip.ToString(), "absent: IPv6 is disabled on lo", "on lo",
                "Run: sysctl -w net/ipv6/conf/lo/disable_ipv6=0, then 'sidestep-agent apply' again.");
            return;
        }
        if (!vip.IsSingle)
        {
            var isLocal = host.HasVip(vip.Network);
            result.Add(isLocal, ConditionNames.Vip, vip.ToString(), isLocal ? "local through lo" : "absent",
                "local through lo", ApplyAgain);
            return;
        }
        var longest = vip.Network.PrefixLength;
        var places = host.Addresses.Where(a => a.Address.Equals(vip.Address)).ToList();
        var found = string.Join(", ", places.Select(a => $"/{a.PrefixLength} on {host.NameOf(a.InterfaceIndex)}")
            .DefaultIfEmpty("absent"));
        var misplaced = places.FirstOrDefault(a => a.PrefixLength != longest || !host.IsLoopback(a.InterfaceIndex));
        result.Add(places.Count > 0 && misplaced is null, ConditionNames.Vip, vip.ToString(), found,
            $"/{longest} on lo only", misplaced is null ? ApplyAgain
                : $"Remove it: ip address del {vip}/{misplaced.PrefixLength} "
                + $"dev {host.NameOf(misplaced.InterfaceIndex)}");
    }

    private static void Interface(InterfaceInfo item, IHostKernel kernel, bool scopeHost, Verification result)
    {
        result.Add(item.IsUp, ConditionNames.DeviceUp, item.Name, item.IsUp ? "up" : "down", "up",
            $"Run: ip link set {item.Name} up");
        Setting(item, kernel, Sysctl.ArpIgnore, scopeHost, ArpIgnoreValues, result);
        Setting(item, kernel, Sysctl.ArpAnnounce, scopeHost, ArpAnnounceValues, result);
        Setting(item, kernel, Sysctl.RpFilter, scopeHost, RpFilterValues, result);
        ProxyArp(item, kernel, result);
        // Any value is right: arp_filter can only suppress replies, and no reply for a VIP is wanted.
        result.Add(true, ConditionNames.ArpFilter, item.Name,
            Effective(kernel, item.Name, Sysctl.ArpFilter).ToString(CultureInfo.InvariantCulture), "any", "");
        if (Effective(kernel, item.Name, Sysctl.Forwarding) != 0)
        {
            result.Note(Verification.ForwardingName, item.Name, "1", "any",
                "DSR does not need it, because the VIP is local. The agent does not change it: "
                + "something else may need it.");
        }
    }

    private static void ProxyArp(InterfaceInfo item, IHostKernel kernel, Verification result)
    {
        var proxy = Effective(kernel, item.Name, Sysctl.ProxyArp);
        var privateVlan = Effective(kernel, item.Name, Sysctl.ProxyArpPrivateVlan);
        var key = proxy != 0 ? Sysctl.ProxyArp : Sysctl.ProxyArpPrivateVlan;
        result.Add(proxy == 0 && privateVlan == 0, ConditionNames.ProxyArp, item.Name,
            $"{Sysctl.ProxyArp} {proxy}, {Sysctl.ProxyArpPrivateVlan} {privateVlan}", "0, 0",
            "The server would reply to ARP requests for addresses of other hosts: "
            + $"sysctl -w net/ipv4/conf/all/{key}=0 net/ipv4/conf/{item.Name}/{key}=0");
    }

    private static void Setting(
        InterfaceInfo item, IHostKernel kernel, string key, bool scopeHost, string expected, Verification result)
    {
        var all = kernel.ReadSysctl(new Sysctl(Sysctl.All, key)) ?? 0;
        var own = kernel.ReadSysctl(new Sysctl(item.Name, key)) ?? 0;
        var effective = Math.Max(all, own);
        result.Add(DesiredSysctl.Serves(key, effective, scopeHost), DesiredSysctl.ConditionOf(key), item.Name,
            $"{effective} (all {all}, {item.Name} {own})", expected, ApplyAgain);
    }

    /// <summary>The value of <c>all</c> matters only for interfaces that appear later: the present ones have their
    /// own.</summary>
    private static void All(IHostKernel kernel, string key, bool scopeHost, string expected, Verification result)
    {
        var all = kernel.ReadSysctl(new Sysctl(Sysctl.All, key)) ?? 0;
        if (!DesiredSysctl.Serves(key, all, scopeHost))
        {
            result.Note(DesiredSysctl.ConditionOf(key), Sysctl.All, $"{all}", expected,
                "Interfaces that appear later are not covered. " + ApplyAgain);
        }
    }

    /// <summary>The larger of the values of <c>all</c> and the interface, which the kernel uses; for flags such as
    /// proxy_arp that is either of the two.</summary>
    private static int Effective(IHostKernel kernel, string interfaceName, string key) => Math.Max(
        kernel.ReadSysctl(new Sysctl(Sysctl.All, key)) ?? 0, kernel.ReadSysctl(new Sysctl(interfaceName, key)) ?? 0);

    private static void DefaultRoute(AddressFamily family, HostInventory host, Verification result)
    {
        var name = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        var routes = host.DefaultRoutes.Where(r => r.Family == family).ToList();
        if (routes.Count == 0)
        {
            result.Note(ConditionNames.DefaultRoute, name, "none", RouteExpected,
                "Replies go directly to the clients: make sure that there are routes to all of them.");
            return;
        }
        var found = string.Join(", ", routes.Select(r =>
            $"{(r.Gateway is null ? "" : $"via {r.Gateway} ")}dev {host.NameOf(r.InterfaceIndex)}"));
        result.Add(true, ConditionNames.DefaultRoute, name, found, RouteExpected, "");
    }
}
