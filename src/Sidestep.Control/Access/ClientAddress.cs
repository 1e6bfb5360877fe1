using System.Net;
using System.Net.Sockets;

namespace Sidestep.Control.Access;

/// <summary>What limits count a client by: its IPv4 address, or the first 64 bits of its IPv6 address, because an IPv6
/// client usually has them for itself.</summary>
public static class ClientAddress
{
    private const int PrefixBytes = 8;

    /// <summary>The address to count by.</summary>
    /// <param name="address">The address of a client; null: it has none.</param>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(PrefixBytes).Clear();
        return new IPAddress(bytes);
    }
}
