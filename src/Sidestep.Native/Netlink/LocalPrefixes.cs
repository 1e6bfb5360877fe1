using System.Net;
using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Whole networks that a host takes for its own (routes of type local by the loopback device), as
/// <c>ip route add local 203.0.113.0/24 dev lo</c> makes them.</summary>
public static class LocalPrefixes
{
    private const byte LocalTable = 255, HostScope = 254;

    /// <summary>Those that somebody entered, of one family.</summary>
    public static IReadOnlyList<IPNetwork> List(NetlinkSocket socket, AddressFamily family)
    {
        var found = new List<IPNetwork>();
        foreach (var reply in RouteMessage.List(socket, family))
        {
            var route = reply.Payload;
            var destination = reply.Attribute(RouteMessage.Bytes, RouteMessage.Destination);
            // The kernel makes one for each address by itself.
            if (route[RouteMessage.TableAt] == LocalTable && route[RouteMessage.TypeAt] == RouteMessage.Local && route[RouteMessage.ProtocolAt] != RouteMessage.ByKernel
                && destination.Length is 4 or 16)
                found.Add(new IPNetwork(new IPAddress(destination.Span), route[RouteMessage.LengthAt]));
        }
        return found;
    }

    /// <summary>Adds one.</summary>
    /// <exception cref="NativeException">EEXIST: it is there.</exception>
    public static void Add(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix) =>
        Change(socket, interfaceIndex, prefix, "add", RouteMessage.New, NetlinkRequest.Create | NetlinkRequest.Exclusive);

    /// <summary>Removes one.</summary>
    /// <exception cref="NativeException">ESRCH: it is not there.</exception>
    public static void Remove(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix) =>
        Change(socket, interfaceIndex, prefix, "remove", RouteMessage.Delete, 0);

    private static void Change(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix, string verb, ushort type, ushort flags)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(prefix.BaseAddress.AddressFamily);
        message[RouteMessage.LengthAt] = (byte)prefix.PrefixLength;
        message[RouteMessage.TableAt] = LocalTable;
        message[RouteMessage.ProtocolAt] = RouteMessage.ByAdministrator;
        message[RouteMessage.ScopeAt] = HostScope;
        message[RouteMessage.TypeAt] = RouteMessage.Local;
        socket.Execute(new NetlinkRequest($"{verb} local route {prefix}", type, flags, message)
            .With(RouteMessage.Destination, prefix.BaseAddress.GetAddressBytes())
            .With(RouteMessage.Output, (uint)interfaceIndex).With(RouteMessage.Table, LocalTable));
    }
}
