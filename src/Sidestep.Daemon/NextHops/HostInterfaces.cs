using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The interfaces of the director's machine at one moment, and which of them the director uses.</summary>
internal sealed class HostInterfaces
{
    private readonly Dictionary<int, EgressInterface> _used = [];
    private readonly Dictionary<int, string> _reasons = [];
    private readonly ILookup<int, InterfaceAddress> _addresses;

    private HostInterfaces(ILookup<int, InterfaceAddress> addresses) => _addresses = addresses;

    /// <summary>The director's interfaces that exist, in the kernel's order.</summary>
    internal IReadOnlyList<EgressInterface> Used => [.. _used.Values];

    /// <summary>The addresses of all interfaces, ascending; those that only their link knows are left out.</summary>
    internal ImmutableArray<IPAddress> Addresses => [.. _addresses.SelectMany(static a => a)
        .Select(static a => a.Address).Where(static a => !a.IsIPv6LinkLocal).Distinct()
        .OrderBy(static a => a, AddressComparer.Instance)];

    /// <summary>Reads all interfaces of the machine and their addresses.</summary>
    /// <param name="network">The machine's network.</param>
    /// <param name="names">Names of the director's interfaces.</param>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal static HostInterfaces Read(IHostNetwork network, IReadOnlyCollection<string> names)
    {
        var addresses = network.Addresses().ToLookup(static a => a.InterfaceIndex);
        var host = new HostInterfaces(addresses);
        foreach (var link in network.Interfaces())
        {
            if (!names.Contains(link.Name))
                host._reasons[link.Index] =
                    $"the route leaves by '{link.Name}', which is not one of node.interfaces";
            else if (!link.IsEthernet)
                host._reasons[link.Index] = $"interface '{link.Name}' is not Ethernet";
            else
                host._used[link.Index] = new EgressInterface(link.Index, link.Name, MacAddress.Read(link.Address.Span),
                    addresses[link.Index].FirstOrDefault(static a => IsIPv4(a.Address) && !a.IsSecondary)?.Address,
                    link.MtuBytes,
                    GlobalAddresses(addresses[link.Index]).FirstOrDefault()?.Address);
        }
        return host;
    }

    /// <summary>The director's interface with this index; null: it is not one of the director's.</summary>
    internal EgressInterface? Find(int index) => _used.GetValueOrDefault(index);

    /// <summary>The reason why the director reaches no server by this interface, which is none of <see
    /// cref="Used"/>.</summary>
    internal string UnusableReason(int index) => _reasons.GetValueOrDefault(index, "the route's interface is gone");

    /// <summary>The director's interface that has an address. If another interface has it (lo, for example), the
    /// director's first interface, where traffic for the address arrives. Null: the director has no
    /// interface.</summary>
    internal EgressInterface? Owner(IPAddress address) =>
        _used.Values.FirstOrDefault(u => _addresses[u.Index].Any(a => a.Address.Equals(address)))
        ?? _used.Values.FirstOrDefault();

    /// <summary>The source address of requests for a neighbour's Ethernet address. Over IPv6 it is the link-local
    /// address, which no renumbering changes. Null: the interface has no address of the neighbour's family.</summary>
    internal IPAddress? SourceFor(EgressInterface egress, IPAddress neighbour)
    {
        if (IsIPv4(neighbour))
            return egress.Address;
        return _addresses[egress.Index].FirstOrDefault(static a => a.Address.IsIPv6LinkLocal && a.IsUsable)?.Address
            ?? egress.Address6;
    }

    /// <summary>The interface as a route uses it: with the MTU of the route, if that is smaller, and with the IPv6
    /// source address that the kernel prefers for the route, if that address is permanent enough.</summary>
    internal EgressInterface ForRoute(EgressInterface egress, Route route) => egress with
    {
        MtuBytes = Math.Min(egress.MtuBytes, route.MtuBytes ?? egress.MtuBytes),
        Address6 = route.Source is { } source
            && GlobalAddresses(_addresses[egress.Index]).Any(a => a.Address.Equals(source)) ? source : egress.Address6,
    };

    /// <summary>IPv6 addresses by which other hosts know the director, the best first: configured addresses before
    /// those from router advertisements. Privacy addresses (RFC 8981) are left out, because they change
    /// daily.</summary>
    private static IEnumerable<InterfaceAddress> GlobalAddresses(IEnumerable<InterfaceAddress> addresses) => addresses
        .Where(static a => !IsIPv4(a.Address) && a.Scope == AddressScope.Universe && a.IsUsable && !a.IsSecondary)
        .OrderByDescending(static a => a.IsPermanent);

    private static bool IsIPv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;
}
