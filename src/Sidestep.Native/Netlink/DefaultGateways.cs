using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>The default route of a separate routing table, through a gateway whose Ethernet address is a static
/// neighbour entry.</summary>
public static class DefaultGateways
{
    private const ushort NewNeighbour = 28, DeleteNeighbour = 29;
    private const int NeighbourMessageBytes = 12;
    private const ushort DestinationAttribute = 1, LinkLayerAttribute = 2;
    private const uint OnLink = 4;
    private const ushort Permanent = 0x80;

    /// <summary>Creates or replaces the neighbour entry of the gateway and the route.</summary>
    /// <param name="socket">Of the network namespace.</param>
    /// <param name="table">Number of the routing table.</param>
    /// <param name="interfaceIndex">Index of the egress interface; it is up and has the family of the gateway
    /// enabled.</param>
    /// <param name="gateway">Treated as on the link, whatever addresses the interface has.</param>
    /// <param name="mac">Ethernet address of the gateway: six bytes in wire order.</param>
    public static void Set(
        NetlinkSocket socket, uint table, int interfaceIndex, IPAddress gateway, ReadOnlySpan<byte> mac)
    {
        const ushort Flags = NetlinkRequest.Create | NetlinkRequest.Replace;
        socket.Execute(Neighbour(Flags, interfaceIndex, gateway, mac));
        socket.Execute(NewRoute(Flags, table, interfaceIndex, gateway));
    }

    /// <summary>Creates what is missing of <see cref="Set"/>. What is there stays as it is.</summary>
    /// <inheritdoc cref="Set" path="/param"/>
    /// <returns>True for what was missing.</returns>
    public static (bool Neighbour, bool Route) Restore(
        NetlinkSocket socket, uint table, int interfaceIndex, IPAddress gateway, ReadOnlySpan<byte> mac)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(gateway);
        const ushort Flags = NetlinkRequest.Create | NetlinkRequest.Exclusive;
        var neighbour = IsNew(Neighbour(Flags, interfaceIndex, gateway, mac));
        if (!neighbour && !IsPermanent(socket, interfaceIndex, gateway, mac))
        {
            socket.Execute(Neighbour(NetlinkRequest.Create | NetlinkRequest.Replace, interfaceIndex, gateway, mac));
            neighbour = true;
        }
        return (neighbour, IsNew(NewRoute(Flags, table, interfaceIndex, gateway)));

        bool IsNew(NetlinkRequest request)
        {
            try
            {
                socket.Execute(request);
                return true;
            }
            catch (NativeException e) when (e.IsBusy)
            {
                return false;
            }
        }
    }

    /// <summary>The kernel keeps an entry that was deleted while packets use it, as one that failed: it exists, and no
    /// packet leaves.</summary>
    private static bool IsPermanent(NetlinkSocket socket, int interfaceIndex, IPAddress gateway,
        ReadOnlySpan<byte> mac) =>
        Neighbours.Find(socket, interfaceIndex, gateway) is { IsStatic: true } found
            && found.Mac.Span.SequenceEqual(mac);

    /// <summary>Removes the route and the neighbour entry, if they exist.</summary>
    public static void Remove(NetlinkSocket socket, uint table, int interfaceIndex, IPAddress gateway)
    {
        var neighbour = new byte[NeighbourMessageBytes];
        Begin(neighbour, interfaceIndex, gateway);
        NetlinkRequest[] requests =
        [
            Route($"remove default route through {gateway} of table {table}",
                RouteMessage.Delete, 0, table, interfaceIndex, gateway),
            new NetlinkRequest($"remove neighbour {gateway}", DeleteNeighbour, 0, neighbour)
                .With(DestinationAttribute, gateway.GetAddressBytes()),
        ];
        foreach (var request in requests)
        {
            try
            {
                socket.Execute(request);
            }
            catch (NativeException e) when (e.IsNotFound || e.Errno is Interop.Libc.ESRCH or Interop.Libc.ENODEV)
            {
                // It does not exist.
            }
        }
    }

    private static NetlinkRequest Neighbour(ushort flags, int interfaceIndex, IPAddress gateway, ReadOnlySpan<byte> mac)
    {
        Span<byte> neighbour = stackalloc byte[NeighbourMessageBytes];
        Begin(neighbour, interfaceIndex, gateway);
        BinaryPrimitives.WriteUInt16LittleEndian(neighbour[8..], Permanent);
        return new NetlinkRequest($"add neighbour {gateway}", NewNeighbour, flags, neighbour)
            .With(DestinationAttribute, gateway.GetAddressBytes()).With(LinkLayerAttribute, mac);
    }

    private static NetlinkRequest NewRoute(ushort flags, uint table, int interfaceIndex, IPAddress gateway) =>
        Route($"add default route through {gateway} to table {table}", RouteMessage.New, flags, table, interfaceIndex,
            gateway);

    internal static NetlinkRequest Route(
        string purpose, ushort type, ushort flags, uint table, int interfaceIndex, IPAddress gateway)
    {
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(gateway.AddressFamily);
        message[RouteMessage.ProtocolAt] = RouteMessage.ByAdministrator;
        message[RouteMessage.TypeAt] = RouteMessage.Unicast;
        BinaryPrimitives.WriteUInt32LittleEndian(message[RouteMessage.FlagsAt..], OnLink);
        return new NetlinkRequest(purpose, type, flags, message)
            .With(RouteMessage.Output, (uint)interfaceIndex)
            .With(RouteMessage.Gateway, gateway.GetAddressBytes())
            .With(RouteMessage.Table, table);
    }

    private static void Begin(Span<byte> message, int interfaceIndex, IPAddress neighbour)
    {
        message.Clear();
        message[0] = NetlinkFamily.Of(neighbour.AddressFamily);
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
    }
}
