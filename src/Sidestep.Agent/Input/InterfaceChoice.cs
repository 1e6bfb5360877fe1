using Sidestep.Agent.Host;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Input;

/// <summary>The interfaces that VIP traffic comes in by: those named, else a guess that is told to the operator.</summary>
internal static class InterfaceChoice
{
    private const string Option = "--interface";

    public static List<InterfaceInfo> Read(IReadOnlyList<string> names, HostInventory host, bool needEthernet, List<Problem> problems)
    {
        var chosen = names.Count == 0 ? Default(host) : Named(names, host, problems);
        if (names.Count == 0 && chosen.Count == 0)
        {
            problems.Add(new Problem(Option, "", "is missing, and no interface but lo is up",
                $"Name the interface that the director's packets come in by; there are: {Known(host)}."));
        }
        if (!needEthernet)
            return chosen;
        foreach (var item in chosen.Where(static i => !i.IsEthernet))
        {
            problems.Add(new Problem(Option, item.Name, $"is not an Ethernet interface (hardware type {item.HardwareType}), and the agent's programs need one",
                "Name the Ethernet interface that the outer packets come in by."));
        }
        return chosen;
    }

    /// <summary>Where the default route goes is where a routed packet comes from; without one every interface may be.</summary>
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
                        ? "An alias such as eth0:1 is an address, not an interface: name the interface before the colon."
                        : $"There are: {Known(host)}."));
            }
            else if (found.IsLoopback)
                problems.Add(new Problem(Option, name, "is the loopback interface",
                    "Name the interface that the director's packets come in by; the VIP goes on lo by itself."));
            else if (chosen.Contains(found))
                problems.Add(new Problem(Option, name, "is given twice", "Give it once."));
            else
                chosen.Add(found);
        }
        return chosen;
    }

    private static string Known(HostInventory host) =>
        string.Join(", ", host.Interfaces.Where(static i => !i.IsLoopback).Select(static i => i.Name).DefaultIfEmpty("none"));
}
