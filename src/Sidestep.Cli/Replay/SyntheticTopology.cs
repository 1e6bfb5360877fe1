using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>A network for a director that does not run: every server is reachable, at addresses that are the same on
/// every machine.</summary>
public static class SyntheticTopology
{
    /// <summary>The default MTU of Ethernet in bytes.</summary>
    public const int DefaultMtu = 1500;

    /// <summary>The next hops of all servers.</summary>
    /// <param name="configuration">The interfaces and servers.</param>
    /// <param name="mac">MAC address of all interfaces; null: 02:00:00:00:00:01 and so on.</param>
    /// <param name="mtu">MTU of the interfaces, bytes.</param>
    public static NextHops For(Configuration configuration, MacAddress? mac, int mtu)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        // Addresses for documentation, RFC 5737 and RFC 3849.
        EgressInterface[] interfaces = [.. configuration.Node.Interfaces.Select((one, i) => new EgressInterface(
            i + 1, one.Name, mac ?? new MacAddress(0x0200_0000_0001 + (ulong)i),
                new IPAddress([192, 0, 2, (byte)(i + 1)]), mtu,
            IPAddress.Parse("2001:db8::1")))];
        return new NextHops(interfaces,
            configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.VrfAddress).Distinct()
                .ToDictionary(static a => a, a => new NextHop(interfaces[0], MacOf(a.Address))),
            new Dictionary<VrfAddress, string>());
    }

    /// <summary>02:00 and the four bytes of an IPv4 address, or 02:06 and the last four of an IPv6 address.</summary>
    private static MacAddress MacOf(IPAddress server)
    {
        var bytes = server.GetAddressBytes();
        return MacAddress.Read([2, server.AddressFamily == AddressFamily.InterNetworkV6 ? (byte)6 : (byte)0,
            .. bytes[^4..]]);
    }
}
