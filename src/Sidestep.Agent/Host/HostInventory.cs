using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Input;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Host;

/// <summary>What the network namespace is like at the time of asking.</summary>
internal sealed record HostInventory
{
    public required IReadOnlyList<InterfaceInfo> Interfaces { get; init; }

    public required IReadOnlyList<InterfaceAddress> Addresses { get; init; }

    /// <summary>Whole networks that are local.</summary>
    public required IReadOnlyList<IPNetwork> LocalPrefixes { get; init; }

    public required IReadOnlyList<DefaultRouteInfo> DefaultRoutes { get; init; }

    /// <summary>False: the kernel has no IPv6.</summary>
    public bool HasIPv6 { get; init; }

    /// <summary>False: IPv6 is off on the loopback device, and no VIP can go there.</summary>
    public bool LoopbackHasIPv6 { get; init; }

    public static HostInventory Read(NetlinkSocket socket)
    {
        var hasIPv6 = Directory.Exists("/proc/sys/net/ipv6");
        IReadOnlyList<InterfaceAddress> addresses = InterfaceAddresses.List(socket);
        IReadOnlyList<IPNetwork> prefixes = Native.Netlink.LocalPrefixes.List(socket, AddressFamily.InterNetwork);
        return new HostInventory
        {
            Interfaces = Native.Netlink.Interfaces.List(socket),
            Addresses = hasIPv6 ? [.. addresses, .. InterfaceAddresses.List(socket, AddressFamily.InterNetworkV6)] : addresses,
            LocalPrefixes = hasIPv6 ? [.. prefixes, .. Native.Netlink.LocalPrefixes.List(socket, AddressFamily.InterNetworkV6)] : prefixes,
            DefaultRoutes = Native.Netlink.DefaultRoutes.List(socket),
            HasIPv6 = hasIPv6,
            LoopbackHasIPv6 = new Sysctl("lo", Sysctl.DisableIPv6, "ipv6").TryRead() == 0,
        };
    }

    /// <summary>Interfaces that a default route of either family leaves by.</summary>
    public IReadOnlySet<int> DefaultRouteInterfaces => DefaultRoutes.Select(static DefaultRouteInterfaces => DefaultRouteInterfaces.InterfaceIndex).ToHashSet();

    /// <summary>Index of the loopback device, where VIPs go.</summary>
    public int Loopback => Interfaces.First(static i => i.IsLoopback).Index;

    public bool IsLoopback(int index) => Interfaces.Any(i => i.Index == index && i.IsLoopback);

    /// <summary>The name that the interface has now; it may have been renamed since.</summary>
    public string NameOf(int index) =>
        Interfaces.FirstOrDefault(i => i.Index == index)?.Name ?? $"interface {index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The VIP as it is on lo, with the longest prefix, or null.</summary>
    public InterfaceAddress? OnLoopback(IPAddress vip) => Addresses.FirstOrDefault(a =>
        a.InterfaceIndex == Loopback && a.PrefixLength == vip.GetAddressBytes().Length * 8 && a.Address.Equals(vip));

    /// <summary>The VIP, or the prefix of VIPs, is where it has to be.</summary>
    public bool HasVip(IPNetwork vip) => PrefixText.IsSingle(vip) ? OnLoopback(vip.BaseAddress) is not null : LocalPrefixes.Contains(vip);

    /// <summary>The addresses that outer headers may be sent to: those of the ingress interfaces, and the ones that the
    /// server itself has on lo, as hosts with several uplinks do.</summary>
    /// <remarks>Not all of the host's: some container platforms put thousands of service addresses on it.</remarks>
    public IReadOnlyList<IPAddress> OuterDestinations(IEnumerable<InterfaceInfo> ingress, IReadOnlyCollection<IPNetwork> vips)
    {
        var indexes = ingress.Select(static i => i.Index).Append(Loopback).ToHashSet();
        return [.. Addresses.Where(a => indexes.Contains(a.InterfaceIndex) && !IPAddress.IsLoopback(a.Address) && !a.Address.IsIPv6LinkLocal
                && !vips.Any(v => v.Contains(a.Address)))
            .Select(static a => a.Address).Distinct()];
    }
}
