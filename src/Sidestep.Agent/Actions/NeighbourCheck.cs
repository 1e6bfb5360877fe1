using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Actions;

/// <summary>Who would answer neighbour solicitation for an IPv6 VIP. For an address of lo the kernel does not; for one that it
/// proxies, or that is on the interface, it does, unless the agent's program drops the question.</summary>
internal static class NeighbourCheck
{
    public static void Run(DesiredState desired, HostInventory host, NetlinkSocket socket, Verification result)
    {
        var proxied = host.HasIPv6 ? NeighbourProxies.List(socket) : [];
        var suppressed = desired.Programs && desired.Interfaces.All(i => AttachedFilter.Find(socket, i, Hook.Ingress).IsOurs);
        foreach (var vip in desired.Vips.Where(static v => v.IsIPv6))
        {
            var locations = proxied.Where(p => vip.Network.Contains(p.Address))
                .Select(p => $"proxied on {(p.InterfaceIndex == 0 ? "every interface" : host.NameOf(p.InterfaceIndex))}")
                .Concat(host.Addresses.Where(a => vip.Network.Contains(a.Address) && !host.IsLoopback(a.InterfaceIndex)).Select(a => $"on {host.NameOf(a.InterfaceIndex)}"))
                .ToList();
            var found = locations.Count == 0 ? "silent" : string.Join(", ", locations) + (suppressed ? ", and kept silent by the agent's program" : "");
            result.Add(locations.Count == 0 || suppressed, ConditionNames.NeighbourSuppression, vip.ToString(), found, "silent",
                $"Remove it there: ip -6 neighbour del proxy {vip.Address} dev INTERFACE, or ip address del {vip.Address} dev INTERFACE.");
        }
        foreach (var item in desired.Interfaces.Where(static i => new Sysctl(i.Name, Sysctl.DisableIPv6, "ipv6").TryRead() is not (0 or null)))
        {
            result.Add(false, ConditionNames.DeviceUp, item.Name, "IPv6 is off", "IPv6 on, for the IPv6 VIPs",
                $"Run: sysctl -w net/ipv6/conf/{item.Name}/disable_ipv6=0");
        }
    }
}
