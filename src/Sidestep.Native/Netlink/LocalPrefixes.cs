using System.Net;
using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Prefixes that a host treats as its own addresses (routes of type local through the loopback device), as
/// <c>ip route add local 203.0.113.0/24 dev lo</c> creates them.</summary>
public static class LocalPrefixes
{
    private const byte LocalTable = 255, HostScope = 254;

    /// <summary>Lists the prefixes of one family that the kernel did not create itself.</summary>
    public static IReadOnlyList<IPNetwork> List(NetlinkSocket socket, AddressFamily family) =>
        Parse(RouteMessage.List(socket, family));

    /// <summary>The prefixes among messages about routes of one family.</summary>
    internal static List<IPNetwork> Parse(IEnumerable<NetlinkMessage> messages)
    {
        var found = new List<IPNetwork>();
        foreach (var reply in messages)
        {
            var route = reply.Payload;
            var destination = reply.Attribute(RouteMessage.Bytes, RouteMessage.Destination);
            // The kernel creates one for each address itself.
            if (route[RouteMessage.TableAt] == LocalTable && route[RouteMessage.TypeAt] == RouteMessage.Local
                && route[RouteMessage.ProtocolAt] != RouteMessage.ByKernel && destination.Length is 4 or 16)
                found.Add(new IPNetwork(new IPAddress(destination.Span), route[RouteMessage.LengthAt]));
        }
        return found;
    }

    /// <summary>Adds a prefix: from now on, the host accepts packets to all its addresses.</summary>
    /// <exception cref="NativeException">EEXIST: it exists already.</exception>
    public static void Add(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix) =>
        Change(
            socket, interfaceIndex, prefix, "add", RouteMessage.New, NetlinkRequest.Create | NetlinkRequest.Exclusive);

    /// <summary>Removes a prefix that <see cref="Add"/>, or <c>ip route add local</c>, created.</summary>
    /// <exception cref="NativeException">ESRCH: it does not exist.</exception>
    public static void Remove(NetlinkSocket socket, int interfaceIndex, IPNetwork prefix) =>
        Change(socket, interfaceIndex, prefix, "remove", RouteMessage.Delete, 0);

    private static void Change(
        NetlinkSocket socket, int interfaceIndex, IPNetwork prefix, string verb, ushort type, ushort flags)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.Execute(Request(interfaceIndex, prefix, verb, type, flags));
    }

    internal static NetlinkRequest Request(int interfaceIndex, IPNetwork prefix, string verb, ushort type, ushort flags)
    {
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(prefix.BaseAddress.AddressFamily);
        message[RouteMessage.LengthAt] = (byte)prefix.PrefixLength;
        message[RouteMessage.TableAt] = LocalTable;
        message[RouteMessage.ProtocolAt] = RouteMessage.ByAdministrator;
        message[RouteMessage.ScopeAt] = HostScope;
        message[RouteMessage.TypeAt] = RouteMessage.Local;
        return new NetlinkRequest($"{verb} local route {prefix}", type, flags, message)
            .With(RouteMessage.Destination, prefix.BaseAddress.GetAddressBytes())
            .With(RouteMessage.Output, (uint)interfaceIndex).With(RouteMessage.Table, LocalTable);
    }
}
