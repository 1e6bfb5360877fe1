using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>The default route of a routing table of one's own, by a gateway whose Ethernet address is entered by hand.</summary>
public static class DefaultGateways
{
    private const ushort NewNeighbour = 28, DeleteNeighbour = 29;
    private const int NeighbourMessageBytes = 12;
    private const ushort DestinationAttribute = 1, LinkLayerAttribute = 2;
    private const uint OnLink = 4;
    private const ushort Permanent = 0x80;
    private const int NoSuchProcess = 3;

    /// <summary>Makes gateway and route, or makes them so.</summary>
    /// <param name="socket">Asks.</param>
    /// <param name="table">Number of the table.</param>
    /// <param name="interfaceIndex">The way out; up, and with the family of the gateway.</param>
    /// <param name="gateway">Taken to be on the link, whatever addresses the interface has.</param>
    /// <param name="mac">Six bytes in wire order.</param>
    public static void Set(NetlinkSocket socket, uint table, int interfaceIndex, IPAddress gateway, ReadOnlySpan<byte> mac)
    {
        Span<byte> neighbour = stackalloc byte[NeighbourMessageBytes];
        Begin(neighbour, interfaceIndex, gateway);
        BinaryPrimitives.WriteUInt16LittleEndian(neighbour[8..], Permanent);
        socket.Execute(new NetlinkRequest($"enter neighbour {gateway}", NewNeighbour, NetlinkRequest.Create | NetlinkRequest.Replace, neighbour)
            .With(DestinationAttribute, gateway.GetAddressBytes()).With(LinkLayerAttribute, mac));
        socket.Execute(Route($"add default route by {gateway} to table {table}", RouteMessage.New, NetlinkRequest.Create | NetlinkRequest.Replace, table, interfaceIndex, gateway));
    }

    /// <summary>Takes both back; nothing happens when they are not there.</summary>
    public static void Remove(NetlinkSocket socket, uint table, int interfaceIndex, IPAddress gateway)
    {
        var neighbour = new byte[NeighbourMessageBytes];
        Begin(neighbour, interfaceIndex, gateway);
        NetlinkRequest[] requests =
        [
            Route($"remove default route by {gateway} of table {table}", RouteMessage.Delete, 0, table, interfaceIndex, gateway),
            new NetlinkRequest($"remove neighbour {gateway}", DeleteNeighbour, 0, neighbour).With(DestinationAttribute, gateway.GetAddressBytes()),
        ];
        foreach (var request in requests)
        {
            try
            {
                socket.Execute(request);
            }
            catch (NativeException e) when (e.IsNotFound || e.Errno is NoSuchProcess or Interop.Libc.ENODEV)
            {
                // as wanted
            }
        }
    }

    private static NetlinkRequest Route(string purpose, ushort type, ushort flags, uint table, int interfaceIndex, IPAddress gateway)
    {
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(gateway.AddressFamily);
        message[RouteMessage.ProtocolAt] = RouteMessage.ByAdministrator;
        message[RouteMessage.TypeAt] = RouteMessage.Unicast;
        BinaryPrimitives.WriteUInt32LittleEndian(message[RouteMessage.FlagsAt..], OnLink);
        return new NetlinkRequest(purpose, type, flags, message)
            .With(RouteMessage.Output, (uint)interfaceIndex).With(RouteMessage.Gateway, gateway.GetAddressBytes()).With(RouteMessage.Table, table);
    }

    private static void Begin(Span<byte> message, int interfaceIndex, IPAddress neighbour)
    {
        message.Clear();
        message[0] = NetlinkFamily.Of(neighbour.AddressFamily);
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
    }
}
