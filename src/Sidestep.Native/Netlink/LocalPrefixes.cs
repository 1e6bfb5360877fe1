using System.Net;
using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Whole networks that a host takes for its own (routes of type local by the loopback device), as
/// <c>ip route add local 203.0.113.0/24 dev lo</c> makes them.</summary>
public static class LocalPrefixes
{
    private const ushort NewRoute = 24, DeleteRoute = 25, GetRoute = 26;
    private const ushort DestinationAttribute = 1, OutputAttribute = 4, TableAttribute = 15;
    private const int RouteMessageBytes = 12;
    private const byte LocalTable = 255, LocalType = 2, HostScope = 254;

    // Who made the route (rtm_protocol): the kernel makes one for each address by itself.
    private const byte ByKernel = 2, ByAdministrator = 4;

    /// <summary>Those that somebody entered, of one family.</summary>
    public static IReadOnlyList<IPNetwork> List(NetlinkSocket socket, AddressFamily family)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var message = new byte[RouteMessageBytes];
        message[0] = NetlinkFamily.Of(family);
        var found = new List<IPNetwork>();
        foreach (var answer in socket.Ask(new NetlinkRequest("list local routes", GetRoute, NetlinkRequest.Dump, message)))
        {
            // struct rtmsg: family, destination length, source length, tos, table, protocol, scope, type
            var route = answer.Payload;
            var destination = answer.Attribute(RouteMessageBytes, DestinationAttribute);
            if (answer.Type == NewRoute && route[0] == message[0] && route[4] == LocalTable && route[7] == LocalType && route[5] != ByKernel
                && destination.Length is 4 or 16)
                found.Add(new IPNetwork(new IPAddress(destination.Span), route[1]));
        }
        return found;
    }

    /// <summary>Adds one.</summary>
    /// <exception cref="NativeException">EEXIST: it is there.</exception>
    public static void Add(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix) =>
        Change(socket, interfaceIndex, prefix, "add", NewRoute, NetlinkRequest.Create | NetlinkRequest.Exclusive);

    /// <summary>Removes one.</summary>
    /// <exception cref="NativeException">ESRCH: it is not there.</exception>
    public static void Remove(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix) =>
        Change(socket, interfaceIndex, prefix, "remove", DeleteRoute, 0);

    private static void Change(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix, string verb, ushort type, ushort flags)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> message = stackalloc byte[RouteMessageBytes];
        message.Clear();
        message[0] = NetlinkFamily.Of(prefix.BaseAddress.AddressFamily);
        message[1] = (byte)prefix.PrefixLength;
        message[4] = LocalTable;
        message[5] = ByAdministrator;
        message[6] = HostScope;
        message[7] = LocalType;
        socket.Ask(new NetlinkRequest($"{verb} local route {prefix}", type, flags, message)
            .With(DestinationAttribute, prefix.BaseAddress.GetAddressBytes())
            .With(OutputAttribute, (uint)interfaceIndex).With(TableAttribute, LocalTable));
    }
}
