using Sidestep.Agent.Host;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Input;

/// <summary>The ingress interfaces: those that the operator named, otherwise a choice that the agent logs.</summary>
internal static class InterfaceChoice
{
    private const string Option = "--interface";

    /// <param name="names">The named interfaces; empty: choose.</param>
    /// <param name="host">The interfaces of the host.</param>
    /// <param name="needEthernet">True: only Ethernet interfaces are valid, because tc programs will be
    /// attached.</param>
    /// <param name="problems">Receives the errors.</param>
    public static List<InterfaceInfo> Read(
        IReadOnlyList<string> names, HostInventory host, bool needEthernet, List<Problem> problems)
    {
        var chosen = names.Count == 0 ? Default(host) : Named(names, host, problems);
        if (names.Count == 0 && chosen.Count == 0)
        {
            problems.Add(new Problem(Option, "", "is missing, and no interface except lo is up",
                $"Name the interface that receives the director's packets. This host has: {Known(host)}."));
        }
        if (!needEthernet)
            return chosen;
        foreach (var item in chosen.Where(static i => !i.IsEthernet))
        {
            problems.Add(new Problem(Option, item.Name,
                $"is not an Ethernet interface (hardware type {item.HardwareType}), and the agent's programs need one",
                "Name the Ethernet interface that receives the outer packets."));
        }
        return chosen;
    }

    /// <summary>The interfaces that have a default route; without a default route, all that are up except
    /// <c>lo</c>.</summary>
    public static List<InterfaceInfo> Default(HostInventory host)
    {
        var up = host.Interfaces.Where(static i => i is { IsUp: true, IsLoopback: false }).ToList();
        var routed = up.Where(i => host.DefaultRouteInterfaces.Contains(i.Index)).ToList();
        return routed.Count > 0 ? routed : up;
    }

    private static List<InterfaceInfo> Named(IReadOnlyList<string> names, HostInventory host, List<Problem> problems)
    {
        var chosen = new List<InterfaceInfo>();
        foreach (var name in names)
        {
            if (host.Interfaces.FirstOrDefault(i => i.Name == name) is not { } found)
            {
                problems.Add(new Problem(Option, name, "does not exist in this network namespace",
                    name.Contains(':', StringComparison.Ordinal)
                        ? "An alias such as eth0:1 is an address, not an interface: name the part before the colon."
                        : $"This host has: {Known(host)}."));
            }
            else if (found.IsLoopback)
            {
                problems.Add(new Problem(Option, name, "is the loopback interface",
                    "Name the interface that receives the director's packets; the agent adds the VIP to lo itself."));
            }
            else if (chosen.Contains(found))
                problems.Add(new Problem(Option, name, "is given twice", "Give it once."));
            else
                chosen.Add(found);
        }
        return chosen;
    }

    private static string Known(HostInventory host) => string.Join(", ",
        host.Interfaces.Where(static i => !i.IsLoopback).Select(static i => i.Name).DefaultIfEmpty("none"));
}
