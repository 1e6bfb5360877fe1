using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Routes of a separate table to prefixes that are on the link of one or several interfaces.</summary>
public static class LinkRoutes
{
    private const byte LinkScope = 253;
    private const int NextHopBytes = 8;

    /// <summary>Adds the route to a prefix, unless the table has one.</summary>
    /// <param name="socket">Of the network namespace.</param>
    /// <param name="table">Number of the table.</param>
    /// <param name="prefix">The destination.</param>
    /// <param name="interfaces">Indexes of the interfaces, at least one; all are up.</param>
    /// <returns>True if it was missing.</returns>
    /// <exception cref="NativeException">ENETDOWN: an interface is down.</exception>
    public static bool Add(NetlinkSocket socket, uint table, IPNetwork prefix, IReadOnlyList<int> interfaces)
    {
        ArgumentNullException.ThrowIfNull(socket);
        try
        {
            socket.Execute(AddRequest(table, prefix, interfaces));
            return true;
        }
        catch (NativeException e) when (e.IsBusy)
        {
            return false;
        }
    }

    /// <summary>Removes the route to a prefix, if the table has one.</summary>
    public static void Remove(NetlinkSocket socket, uint table, IPNetwork prefix)
    {
        ArgumentNullException.ThrowIfNull(socket);
        try
        {
            socket.Execute(Request("remove", RouteMessage.Delete, 0, table, prefix));
        }
        catch (NativeException e) when (e.IsNotFound || e.Errno == Interop.Libc.ESRCH)
        {
            // It does not exist.
        }
    }

    internal static NetlinkRequest AddRequest(uint table, IPNetwork prefix, IReadOnlyList<int> interfaces)
    {
        var request = Request("add", RouteMessage.New, NetlinkRequest.Create | NetlinkRequest.Exclusive, table, prefix);
        if (interfaces.Count == 1)
            return request.With(RouteMessage.Output, (uint)interfaces[0]);
        // struct rtnexthop: length, flags, weight less one, interface
        var nextHops = new byte[interfaces.Count * NextHopBytes];
        for (var i = 0; i < interfaces.Count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(nextHops.AsSpan(i * NextHopBytes), NextHopBytes);
            BinaryPrimitives.WriteInt32LittleEndian(nextHops.AsSpan(i * NextHopBytes + 4), interfaces[i]);
        }
        return request.With(RouteMessage.Multipath, nextHops);
    }

    private static NetlinkRequest Request(string verb, ushort type, ushort flags, uint table, IPNetwork prefix)
    {
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(prefix.BaseAddress.AddressFamily);
        message[RouteMessage.LengthAt] = (byte)prefix.PrefixLength;
        message[RouteMessage.ProtocolAt] = RouteMessage.ByAdministrator;
        message[RouteMessage.ScopeAt] = LinkScope;
        message[RouteMessage.TypeAt] = RouteMessage.Unicast;
        return new NetlinkRequest($"{verb} route to {prefix} of table {table}", type, flags, message)
            .With(RouteMessage.Destination, prefix.BaseAddress.GetAddressBytes())
            .With(RouteMessage.Table, table);
    }
}
