using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>Addresses that no host can be reached by.</summary>
internal static class ReservedAddresses
{
    private static readonly (IPNetwork Network, string What)[] Ranges =
    [
        (IPNetwork.Parse("0.0.0.0/32"), "the unspecified address"),
        (IPNetwork.Parse("0.0.0.0/8"), "an address of 0.0.0.0/8"),
        (IPNetwork.Parse("127.0.0.0/8"), "a loopback address"),
        (IPNetwork.Parse("255.255.255.255/32"), "the broadcast address"),
        (IPNetwork.Parse("224.0.0.0/4"), "a multicast address"),
        (IPNetwork.Parse("::/128"), "the unspecified address"),
        (IPNetwork.Parse("::1/128"), "a loopback address"),
        (IPNetwork.Parse("ff00::/8"), "a multicast address"),
        // The kernel needs an interface beside such an address, and routers do not forward to it (RFC 4291, section
        // 2.5.6).
        (IPNetwork.Parse("fe80::/10"), "a link-local address"),
    ];

    /// <summary>The kind of reserved address that all addresses of the prefix are; null if at least one is not
    /// reserved.</summary>
    public static string? Of(IPNetwork prefix)
    {
        foreach (var (network, what) in Ranges)
        {
            if (prefix.PrefixLength >= network.PrefixLength && network.Contains(prefix.BaseAddress))
                return what;
        }
        // IPNetwork.Contains is false for IPv4-mapped addresses in every network.
        return prefix is { PrefixLength: >= 96, BaseAddress.IsIPv4MappedToIPv6: true } ? "an IPv4 address in IPv6 form"
            : null;
    }
}
