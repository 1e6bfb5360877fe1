using System.Globalization;
using System.Net;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Agent.Host;

/// <summary>A snapshot of the network namespace: interfaces, addresses and routes.</summary>
internal sealed record HostInventory
{
    public required IReadOnlyList<InterfaceInfo> Interfaces { get; init; }

    public required IReadOnlyList<InterfaceAddress> Addresses { get; init; }

    /// <summary>Whole prefixes that are local: each has a route of type <c>local</c> through <c>lo</c>.</summary>
    public required IReadOnlyList<IPNetwork> LocalPrefixes { get; init; }

    /// <summary>The default routes of both families in the main table.</summary>
    public required IReadOnlyList<DefaultRouteInfo> DefaultRoutes { get; init; }

    /// <summary>False if the kernel has no IPv6.</summary>
    public bool HasIPv6 { get; init; }

    /// <summary>False if IPv6 is disabled on <c>lo</c>, so <c>lo</c> cannot have an IPv6 VIP.</summary>
    public bool LoopbackHasIPv6 { get; init; }

    /// <summary>Indexes of the interfaces that have a default route of either family.</summary>
    public IReadOnlySet<int> DefaultRouteInterfaces => DefaultRoutes.Select(static r => r.InterfaceIndex).ToHashSet();

    /// <summary>Index of the loopback interface, which has the VIPs.</summary>
    public int Loopback => Interfaces.First(static i => i.IsLoopback).Index;

    public bool IsLoopback(int index) => Interfaces.Any(i => i.Index == index && i.IsLoopback);

    /// <summary>The present name of an interface, because a name can change; <c>interface 7</c> when it is
    /// gone.</summary>
    public string NameOf(int index) => Interfaces.FirstOrDefault(i => i.Index == index)?.Name
        ?? $"interface {index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The VIP as an address of <c>lo</c> with the longest prefix; null: there is none.</summary>
    public InterfaceAddress? OnLoopback(IPAddress vip) => Addresses.FirstOrDefault(a =>
        a.InterfaceIndex == Loopback && a.PrefixLength == vip.GetAddressBytes().Length * 8 && a.Address.Equals(vip));

    /// <summary>True if a VIP is an address of <c>lo</c>, or when a prefix of VIPs is local.</summary>
    public bool HasVip(IPNetwork vip) =>
        vip.IsSingle() ? OnLoopback(vip.BaseAddress) is not null : LocalPrefixes.Contains(vip);

    /// <summary>The addresses that outer headers may have as destination: those of the ingress interfaces, and the
    /// server's own on <c>lo</c>, as hosts with several uplinks have them.</summary>
    /// <remarks>Not all addresses of the host: some container platforms add thousands of service addresses.</remarks>
    /// <param name="ingress">The ingress interfaces.</param>
    /// <param name="vips">The VIPs, which are no outer destinations.</param>
    public IReadOnlyList<IPAddress> OuterDestinations(
        IEnumerable<InterfaceInfo> ingress, IReadOnlyCollection<IPNetwork> vips)
    {
        var indexes = ingress.Select(static i => i.Index).Append(Loopback).ToHashSet();
        return [.. Addresses
            .Where(a => indexes.Contains(a.InterfaceIndex) && !IPAddress.IsLoopback(a.Address)
                && !a.Address.IsIPv6LinkLocal && !vips.Any(v => v.Contains(a.Address)))
            .Select(static a => a.Address).Distinct()];
    }
}
