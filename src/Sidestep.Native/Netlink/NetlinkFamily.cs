using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Address families by the kernel's numbers (AF_*); .NET uses another number for IPv6.</summary>
internal static class NetlinkFamily
{
    internal const byte InterNetwork = 2, InterNetworkV6 = 10;

    internal static byte Of(AddressFamily family) => family switch
    {
        AddressFamily.InterNetwork => InterNetwork,
        AddressFamily.InterNetworkV6 => InterNetworkV6,
        _ => throw new ArgumentOutOfRangeException(nameof(family), family, "neither IPv4 nor IPv6"),
    };
}
