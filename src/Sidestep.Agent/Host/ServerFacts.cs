using System.Globalization;
using System.Net;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Host;

/// <summary>What the network namespace is like at the time of asking.</summary>
internal sealed record ServerFacts
{
    public required IReadOnlyList<InterfaceInfo> Interfaces { get; init; }

    public required IReadOnlyList<InterfaceAddress> Addresses { get; init; }

    public required IReadOnlySet<int> WithDefaultRoute { get; init; }

    public static ServerFacts Read(NetlinkSocket socket) => new()
    {
        Interfaces = Native.Netlink.Interfaces.List(socket),
        Addresses = InterfaceAddresses.List(socket),
        WithDefaultRoute = Native.Netlink.Interfaces.WithDefaultRoute(socket),
    };

    /// <summary>Index of the loopback device, where VIPs go.</summary>
    public int Loopback => Interfaces.First(static i => i.IsLoopback).Index;

    public bool IsLoopback(int index) => Interfaces.Any(i => i.Index == index && i.IsLoopback);

    /// <summary>The name that the interface has now; it may have been renamed since.</summary>
    public string NameOf(int index) =>
        Interfaces.FirstOrDefault(i => i.Index == index)?.Name ?? $"interface {index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The VIP as it is on lo, or null.</summary>
    public InterfaceAddress? OnLoopback(IPAddress vip) =>
        Addresses.FirstOrDefault(a => a.InterfaceIndex == Loopback && a.PrefixLength == 32 && a.Address.Equals(vip));

    /// <summary>The addresses that outer headers may be sent to: those of the ingress interfaces, and the ones that the
    /// server itself has on lo, as hosts with several uplinks do.</summary>
    /// <remarks>Not all of the host's: some container platforms put thousands of service addresses on it.</remarks>
    public IReadOnlyList<IPAddress> OuterDestinations(IEnumerable<InterfaceInfo> ingress, IReadOnlyCollection<IPAddress> vips)
    {
        var indexes = ingress.Select(static i => i.Index).Append(Loopback).ToHashSet();
        return [.. Addresses.Where(a => indexes.Contains(a.InterfaceIndex) && !IPAddress.IsLoopback(a.Address) && !vips.Contains(a.Address))
            .Select(static a => a.Address).Distinct()];
    }
}
