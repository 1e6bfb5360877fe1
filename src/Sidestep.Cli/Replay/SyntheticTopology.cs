using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Cli.Replay;

/// <summary>A network for a director that is not there: every server can be reached, by addresses of the same form on every machine.</summary>
public static class SyntheticTopology
{
    /// <summary>Ethernet, until something else is said.</summary>
    public const int DefaultMtu = 1500;

    /// <summary>Makes them.</summary>
    /// <param name="configuration">Whose interfaces and servers.</param>
    /// <param name="mac">Ethernet address of the interfaces; null: 02:00:00:00:00:01 and so on.</param>
    /// <param name="mtu">Of the interfaces.</param>
    public static NextHops For(Configuration configuration, MacAddress? mac, int mtu)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        // Addresses for documentation, RFC 5737 and RFC 3849.
        EgressInterface[] interfaces = [.. configuration.Director.Interfaces.Select((one, i) => new EgressInterface(
            i + 1, one.Name, mac ?? new MacAddress(0x0200_0000_0001 + (ulong)i), new IPAddress([192, 0, 2, (byte)(i + 1)]), mtu,
            IPAddress.Parse("2001:db8::1")))];
        return new NextHops(interfaces,
            configuration.Pools.SelectMany(static p => p.Servers).Select(static s => s.Address).Distinct()
                .ToDictionary(static a => a, a => new NextHop(interfaces[0], MacOf(a))),
            new Dictionary<IPAddress, string>());
    }

    /// <summary>02:00 and the last four bytes of the address, or 02:06 for IPv6.</summary>
    private static MacAddress MacOf(IPAddress server)
    {
        var bytes = server.GetAddressBytes();
        return MacAddress.Read([2, server.AddressFamily == AddressFamily.InterNetworkV6 ? (byte)6 : (byte)0, .. bytes[^4..]]);
    }
}
