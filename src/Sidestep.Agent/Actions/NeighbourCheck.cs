using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;

namespace Sidestep.Agent.Actions;

/// <summary>Checks that this server does not answer neighbour solicitations for an IPv6 VIP.</summary>
/// <remarks>The kernel does not answer for an address of <c>lo</c>. It does for one that it proxies, or that is on the
/// interface, unless the agent's program drops the solicitation.</remarks>
internal static class NeighbourCheck
{
    public static void Run(DesiredState desired, HostInventory host, IHostKernel kernel, Verification result)
    {
        const string suppressedText = "suppressed";
        var proxied = host.HasIPv6 ? kernel.NeighbourProxies() : [];
        var hasProgram = desired.Programs
            && desired.Interfaces.All(i => AttachedFilter.Find(kernel, i, Hook.Ingress).IsOurs);
        foreach (var vip in desired.Vips.Where(static v => v.IsIPv6))
        {
            var proxies = proxied.Where(p => vip.Network.Contains(p.Address)).Select(p =>
                $"proxied on {(p.InterfaceIndex == 0 ? "every interface" : host.NameOf(p.InterfaceIndex))}");
            var addresses = host.Addresses
                .Where(a => vip.Network.Contains(a.Address) && !host.IsLoopback(a.InterfaceIndex))
                .Select(a => $"on {host.NameOf(a.InterfaceIndex)}");
            var places = proxies.Concat(addresses).ToList();
            var found = places.Count == 0 ? suppressedText
                : string.Join(", ", places) + (hasProgram ? ", suppressed by the agent's program" : "");
            result.Add(places.Count == 0 || hasProgram, ConditionNames.NeighbourSuppression, vip.ToString(), found,
                suppressedText, $"Remove it: ip -6 neighbour del proxy {vip.Address} dev INTERFACE, "
                + $"or ip address del {vip.Address} dev INTERFACE.");
        }
        foreach (var item in desired.Interfaces)
        {
            if (kernel.ReadSysctl(new Sysctl(item.Name, Sysctl.DisableIPv6, "ipv6")) is 0 or null)
                continue;
            result.Add(false, ConditionNames.DeviceUp, item.Name, "IPv6 is disabled", "IPv6 enabled, for the IPv6 VIPs",
                $"Run: sysctl -w net/ipv6/conf/{item.Name}/disable_ipv6=0");
        }
    }
}
