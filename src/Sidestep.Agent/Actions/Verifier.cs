using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Holds every condition of a fit real server against the kernel.</summary>
internal static class Verifier
{
    public const string ApplyAgain = "Run 'sidestep-agent apply' again.";

    /// <param name="desired">What shall be.</param>
    /// <param name="host">What is.</param>
    /// <param name="socket">Of the namespace.</param>
    /// <param name="programs">This agent's, to compare with those attached; null when none are wished for.</param>
    public static Verification Check(DesiredState desired, HostInventory host, NetlinkSocket socket, AgentPrograms? programs)
    {
        var result = new Verification();
        foreach (var vip in desired.Vips)
            Vip(vip, host, result);
        if (desired.HasFamily(AddressFamily.InterNetworkV6))
            NeighbourCheck.Run(desired, host, socket, result);
        var scopeHost = Deviations.VipsHaveScopeHost(desired, host);
        All(Sysctl.ArpIgnore, scopeHost, "1 (or 2)", result);
        All(Sysctl.ArpAnnounce, scopeHost, "2", result);
        var loopback = host.Interfaces.First(static i => i.IsLoopback);
        if (!loopback.IsUp)
            result.Add(false, ConditionNames.DeviceUp, loopback.Name, "down", "up", $"Run: ip link set {loopback.Name} up");
        foreach (var item in desired.Interfaces)
            Interface(item, scopeHost, result);
        ProgramCheck.Run(desired, host, socket, programs, result);
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
            result.Add(false, ConditionNames.Vip, vip.ToString(), "absent: IPv6 is off on lo", "on lo", "Run: sysctl -w net/ipv6/conf/lo/disable_ipv6=0, then 'sidestep-agent apply' again.");
            return;
        }
        if (!vip.IsSingle)
        {
            result.Add(host.HasVip(vip.Network), ConditionNames.Vip, vip.ToString(), host.HasVip(vip.Network) ? "local by lo" : "absent", "local by lo", ApplyAgain);
            return;
        }
        var longest = vip.Network.PrefixLength;
        var locations = host.Addresses.Where(a => a.Address.Equals(vip.Address)).ToList();
        var found = string.Join(", ", locations.Select(a => $"/{a.PrefixLength} on {host.NameOf(a.InterfaceIndex)}").DefaultIfEmpty("absent"));
        var misplaced = locations.FirstOrDefault(a => a.PrefixLength != longest || !host.IsLoopback(a.InterfaceIndex));
        result.Add(locations.Count > 0 && misplaced is null, ConditionNames.Vip, vip.ToString(), found, $"/{longest} on lo only",
            misplaced is null ? ApplyAgain : $"Remove it: ip address del {vip}/{misplaced.PrefixLength} dev {host.NameOf(misplaced.InterfaceIndex)}");
    }

    private static void Interface(InterfaceInfo item, bool scopeHost, Verification result)
    {
        result.Add(item.IsUp, ConditionNames.DeviceUp, item.Name, item.IsUp ? "up" : "down", "up", $"Run: ip link set {item.Name} up");
        Setting(item, Sysctl.ArpIgnore, scopeHost, "1 (or 2)", result);
        Setting(item, Sysctl.ArpAnnounce, scopeHost, "2", result);
        Setting(item, Sysctl.RpFilter, scopeHost, "2 (loose) or 0 (off)", result);
        ProxyArp(item, result);
        // It can only make the server answer for fewer of its addresses, and for the VIP it answers nowhere.
        result.Add(true, ConditionNames.ArpFilter, item.Name, Sysctl.Effective(item.Name, Sysctl.ArpFilter).ToString(System.Globalization.CultureInfo.InvariantCulture), "any", "");
        if (Sysctl.Effective(item.Name, Sysctl.Forwarding) != 0)
        {
            result.Note(Verification.ForwardingName, item.Name, "1", "any",
                "DSR does not need it: the VIP is local. Left as it is, because something else may.");
        }
    }

    private static void ProxyArp(InterfaceInfo item, Verification result)
    {
        var proxy = Sysctl.Effective(item.Name, Sysctl.ProxyArp);
        var privateVlan = Sysctl.Effective(item.Name, Sysctl.ProxyArpPrivateVlan);
        var on = proxy != 0 ? Sysctl.ProxyArp : Sysctl.ProxyArpPrivateVlan;
        result.Add(proxy == 0 && privateVlan == 0, ConditionNames.ProxyArp, item.Name, $"{Sysctl.ProxyArp} {proxy}, {Sysctl.ProxyArpPrivateVlan} {privateVlan}", "0, 0",
            $"The server would answer ARP for addresses that are not its own: sysctl -w net/ipv4/conf/all/{on}=0 net/ipv4/conf/{item.Name}/{on}=0");
    }

    private static void Setting(InterfaceInfo item, string key, bool scopeHost, string expected, Verification result)
    {
        var all = new Sysctl(Sysctl.All, key).TryRead() ?? 0;
        var own = new Sysctl(item.Name, key).TryRead() ?? 0;
        var effective = Math.Max(all, own);
        result.Add(DesiredSysctl.Serves(key, effective, scopeHost), DesiredSysctl.ConditionOf(key), item.Name,
            $"{effective} (all {all}, {item.Name} {own})", expected, ApplyAgain);
    }

    /// <summary>The interfaces have values of their own: this one is for those that appear later.</summary>
    private static void All(string key, bool scopeHost, string expected, Verification result)
    {
        var all = new Sysctl(Sysctl.All, key).TryRead() ?? 0;
        if (!DesiredSysctl.Serves(key, all, scopeHost))
            result.Note(DesiredSysctl.ConditionOf(key), Sysctl.All, $"{all}", expected, "Interfaces that appear later are not covered. " + ApplyAgain);
    }

    private static void DefaultRoute(AddressFamily family, HostInventory host, Verification result)
    {
        var name = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        var routes = host.DefaultRoutes.Where(r => r.Family == family).ToList();
        if (routes.Count == 0)
        {
            result.Note(ConditionNames.DefaultRoute, name, "none", "a way back to every client",
                "Replies go straight to the clients: make sure that there are routes to all of them.");
            return;
        }
        result.Add(true, ConditionNames.DefaultRoute, name,
            string.Join(", ", routes.Select(r => $"{(r.Gateway is null ? "" : $"via {r.Gateway} ")}dev {host.NameOf(r.InterfaceIndex)}")), "a way back to every client", "");
    }
}
