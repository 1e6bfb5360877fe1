using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The interfaces of the director's machine at one moment, and which of them it uses.</summary>
internal sealed class HostInterfaces
{
    private readonly Dictionary<int, EgressInterface> _used = [];
    private readonly Dictionary<int, string> _reasons = [];
    private readonly ILookup<int, InterfaceAddress> _addresses;

    private HostInterfaces(ILookup<int, InterfaceAddress> addresses) => _addresses = addresses;

    /// <summary>The director's interfaces that exist, in the order of the kernel's index.</summary>
    internal IReadOnlyList<EgressInterface> Used => [.. _used.Values];

    /// <param name="socket">To ask.</param>
    /// <param name="names">The director's interfaces.</param>
    internal static HostInterfaces Read(NetlinkSocket socket, IReadOnlyCollection<string> names)
    {
        var addresses = InterfaceAddresses.List(socket).Concat(InterfaceAddresses.List(socket, AddressFamily.InterNetworkV6))
            .ToLookup(static a => a.InterfaceIndex);
        var host = new HostInterfaces(addresses);
        foreach (var link in Interfaces.List(socket))
        {
            if (!names.Contains(link.Name))
                host._reasons[link.Index] = $"the route leaves by '{link.Name}', which is not one of director.interfaces";
            else if (!link.IsEthernet)
                host._reasons[link.Index] = $"interface '{link.Name}' is not Ethernet";
            else
                host._used[link.Index] = new EgressInterface(link.Index, link.Name, MacAddress.Read(link.Address.Span),
                    addresses[link.Index].FirstOrDefault(static a => IsIPv4(a.Address) && !a.IsSecondary)?.Address, link.MtuBytes,
                    GlobalAddresses(addresses[link.Index]).FirstOrDefault()?.Address);
        }
        return host;
    }

    /// <summary>One of the director's interfaces; null when it is none.</summary>
    internal EgressInterface? Find(int index) => _used.GetValueOrDefault(index);

    /// <summary>Why servers are not reached by an interface.</summary>
    internal string UnusableReason(int index) => _reasons.GetValueOrDefault(index, "the route's interface is gone");

    /// <summary>The interface that has an address, if it is one of the director's; else (lo, for one) the director's first,
    /// which attracts what is for it. Null when it has none.</summary>
    internal EgressInterface? Owner(IPAddress address) =>
        _used.Values.FirstOrDefault(u => _addresses[u.Index].Any(a => a.Address.Equals(address))) ?? _used.Values.FirstOrDefault();

    /// <summary>The address that a neighbour is asked from: of its family, and for IPv6 the one that exists only for the link,
    /// which no renumbering changes. Null when there is none.</summary>
    internal IPAddress? SourceFor(EgressInterface egress, IPAddress neighbour)
    {
        if (IsIPv4(neighbour))
            return egress.Address;
        return _addresses[egress.Index].FirstOrDefault(static a => a.Address.IsIPv6LinkLocal && a.IsUsable)?.Address ?? egress.Address6;
    }

    /// <summary>The interface with the IPv6 address that the kernel would send from to one destination, when that is one that lasts.</summary>
    internal EgressInterface WithRouteSource(EgressInterface egress, Route route) =>
        route.Source is { } source && GlobalAddresses(_addresses[egress.Index]).Any(a => a.Address.Equals(source)) ? egress with { Address6 = source } : egress;

    /// <summary>IPv6 addresses that others know the director by, the best first: those that somebody entered before those that a
    /// router announced, and no privacy addresses, which change every day.</summary>
    private static IEnumerable<InterfaceAddress> GlobalAddresses(IEnumerable<InterfaceAddress> addresses) => addresses
        .Where(static a => !IsIPv4(a.Address) && a.Scope == AddressScope.Universe && a.IsUsable && !a.IsSecondary)
        .OrderByDescending(static a => a.IsPermanent);

    private static bool IsIPv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;
}
