using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Holds every condition of a fit real server against the kernel.</summary>
internal static class Verifier
{
    private const string ApplyAgain = "Run 'sidestep-agent apply' again.";

    public static Verification Check(Wish wish, ServerFacts host, NetlinkSocket socket)
    {
        var result = new Verification();
        foreach (var vip in wish.Vips)
            result.Conditions.Add(Vip(vip, host));
        var scopeHost = Changes.VipsHaveScopeHost(wish.Vips, host);
        foreach (var item in wish.Interfaces)
            Interface(item, scopeHost, result.Conditions);
        DecapsulationCheck.Run(wish, host, socket, result);
        if (host.WithDefaultRoute.Count == 0)
        {
            result.Conditions.Add(Condition.Note("default route", "none", "a way back to every client",
                "Replies go straight to the clients: make sure that there are routes to all of them."));
        }
        return result;
    }

    private static Condition Vip(IPAddress vip, ServerFacts host)
    {
        const string wanted = "/32 on lo only";
        var places = host.Addresses.Where(a => a.Address.Equals(vip)).ToList();
        var found = string.Join(", ", places.Select(a => $"/{a.PrefixLength} on {host.NameOf(a.InterfaceIndex)}").DefaultIfEmpty("absent"));
        var stray = places.FirstOrDefault(a => a.PrefixLength != 32 || !host.IsLoopback(a.InterfaceIndex));
        return Condition.Of(places.Count > 0 && stray is null, $"VIP {vip}", found, wanted,
            stray is null ? ApplyAgain : $"Remove it: ip address del {vip}/{stray.PrefixLength} dev {host.NameOf(stray.InterfaceIndex)}");
    }

    private static void Interface(InterfaceInfo item, bool scopeHost, List<Condition> conditions)
    {
        conditions.Add(Condition.Of(item.IsUp, item.Name, item.IsUp ? "up" : "down", "up", $"Run: ip link set {item.Name} up"));
        conditions.Add(Setting(item, Sysctl.ArpIgnore, scopeHost, "1 (or 2)", ApplyAgain));
        conditions.Add(Setting(item, Sysctl.ArpAnnounce, scopeHost, "2", ApplyAgain));
        conditions.Add(Setting(item, Sysctl.RpFilter, scopeHost, "2 (loose) or 0 (off)", ApplyAgain));
        foreach (var key in new[] { Sysctl.ProxyArp, Sysctl.ProxyArpPrivateVlan })
        {
            conditions.Add(Setting(item, key, scopeHost, "0",
                $"The server would answer ARP for addresses that are not its own: sysctl -w net/ipv4/conf/all/{key}=0 net/ipv4/conf/{item.Name}/{key}=0"));
        }
        if (Sysctl.Effective(item.Name, Sysctl.Forwarding) != 0)
        {
            conditions.Add(Condition.Note($"forwarding ({item.Name})", "1", "any",
                "DSR does not need it: the VIP is local. Left as it is, because something else may."));
        }
    }

    private static Condition Setting(InterfaceInfo item, string key, bool scopeHost, string wanted, string cure)
    {
        var all = new Sysctl(Sysctl.All, key).Read();
        var own = new Sysctl(item.Name, key).Read();
        var effective = Math.Max(all, own);
        return Condition.Of(SysctlWish.Serves(key, effective, scopeHost), $"{key} ({item.Name})",
            $"{effective} (all {all}, {item.Name} {own})", wanted, cure);
    }
}
