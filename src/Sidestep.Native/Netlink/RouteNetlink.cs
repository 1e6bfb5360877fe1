using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>A network interface (RTM_NEWLINK).</summary>
/// <param name="Index">The kernel's index.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Mac">Six bytes in wire order; empty when it has none of that length.</param>
/// <param name="MtuBytes">Largest IP datagram.</param>
/// <param name="IsUp">IFF_UP and IFF_RUNNING: switched on, with a carrier.</param>
public sealed record LinkFact(int Index, string Name, byte[] Mac, int MtuBytes, bool IsUp);

/// <summary>An IPv4 address of an interface (RTM_NEWADDR).</summary>
/// <param name="InterfaceIndex">The interface.</param>
/// <param name="Address">The local address.</param>
/// <param name="PrefixLength">0 to 32.</param>
/// <param name="IsSecondary">IFA_F_SECONDARY: another address of the same network comes first.</param>
public sealed record AddressFact(int InterfaceIndex, IPAddress Address, int PrefixLength, bool IsSecondary);

/// <summary>The kernel's answer to "how would you send there" (RTM_GETROUTE).</summary>
/// <param name="InterfaceIndex">The way out.</param>
/// <param name="Gateway">The router, null when the destination is on the link.</param>
/// <param name="IsLocal">The destination is this machine itself (RTN_LOCAL).</param>
public sealed record RouteFact(int InterfaceIndex, IPAddress? Gateway, bool IsLocal);

/// <summary>An IPv4 neighbour (RTM_NEWNEIGH).</summary>
/// <param name="InterfaceIndex">The interface.</param>
/// <param name="Address">The neighbour's address.</param>
/// <param name="Mac">Six bytes in wire order; empty when it is not resolved.</param>
/// <param name="IsValid">NUD_VALID: the kernel would send to it.</param>
/// <param name="IsStatic">NUD_PERMANENT or NUD_NOARP: somebody entered it, and no answer changes it.</param>
public sealed record NeighbourFact(int InterfaceIndex, IPAddress Address, byte[] Mac, bool IsValid, bool IsStatic);

/// <summary>What the kernel knows of links, addresses, routes and neighbours (rtnetlink(7)), IPv4.</summary>
public static class RouteNetlink
{
    /// <summary>Multicast groups of everything that next hops depend on: links, neighbours, IPv4 addresses and routes.</summary>
    public const uint NextHopGroups = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6;

    /// <summary>RTM_NEWNEIGH, as an event.</summary>
    public const ushort NewNeighbour = 28;

    /// <summary>RTM_DELNEIGH, as an event.</summary>
    public const ushort DeleteNeighbour = 29;

    private const ushort GetLink = 18, GetAddress = 22, GetRoute = 26, GetNeighbour = 30;
    private const byte InterNetwork = 2;
    private const int LinkBytes = 16, AddressBytes = 8, RouteBytes = 12, NeighbourBytes = 12;

    /// <summary>All interfaces.</summary>
    public static IReadOnlyList<LinkFact> Links(NetlinkSocket socket) =>
        [.. socket.Ask(new NetlinkRequest("list interfaces", GetLink, NetlinkRequest.Dump, new byte[LinkBytes])).Select(ParseLink)];

    /// <summary>All IPv4 addresses.</summary>
    public static IReadOnlyList<AddressFact> Addresses(NetlinkSocket socket)
    {
        var header = new byte[AddressBytes];
        header[0] = InterNetwork;
        return [.. socket.Ask(new NetlinkRequest("list addresses", GetAddress, NetlinkRequest.Dump, header)).Select(ParseAddress)];
    }

    /// <summary>All IPv4 neighbours.</summary>
    public static IReadOnlyList<NeighbourFact> Neighbours(NetlinkSocket socket)
    {
        var header = new byte[NeighbourBytes];
        header[0] = InterNetwork;
        return [.. socket.Ask(new NetlinkRequest("list neighbours", GetNeighbour, NetlinkRequest.Dump, header)).Select(ParseNeighbour)];
    }

    /// <summary>How the kernel would send to an address.</summary>
    /// <exception cref="NativeException">ENETUNREACH: there is no route.</exception>
    public static RouteFact Route(NetlinkSocket socket, IPAddress destination)
    {
        const ushort DestinationAttribute = 1, OutAttribute = 4, GatewayAttribute = 5;
        const byte LocalType = 2;
        var header = new byte[RouteBytes];
        header[0] = InterNetwork;
        header[1] = 32;
        var answer = socket.Ask(new NetlinkRequest($"route to {destination}", GetRoute, 0, header)
            .With(DestinationAttribute, destination.GetAddressBytes()))[0];
        var gateway = answer.Attribute(RouteBytes, GatewayAttribute);
        var way = answer.Attribute(RouteBytes, OutAttribute);
        return new RouteFact(way.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(way.Span) : 0,
            gateway.Length == 4 ? new IPAddress(gateway.Span) : null, answer.Payload[7] == LocalType);
    }

    /// <summary>Asks the kernel to resolve a neighbour (NTF_USE): the answer comes as an event.</summary>
    public static void Resolve(NetlinkSocket socket, int interfaceIndex, IPAddress neighbour)
    {
        const byte UseFlag = 1;
        const ushort DestinationAttribute = 1;
        var header = new byte[NeighbourBytes];
        header[0] = InterNetwork;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), interfaceIndex);
        header[10] = UseFlag;
        socket.Ask(new NetlinkRequest($"resolve {neighbour}", NewNeighbour, NetlinkRequest.Create, header)
            .With(DestinationAttribute, neighbour.GetAddressBytes()));
    }

    /// <summary>Tells the kernel the Ethernet address that a neighbour has now (NUD_REACHABLE).</summary>
    public static void Learn(NetlinkSocket socket, int interfaceIndex, IPAddress neighbour, ReadOnlySpan<byte> mac)
    {
        const ushort Reachable = 2, DestinationAttribute = 1, LinkLayerAttribute = 2;
        var header = new byte[NeighbourBytes];
        header[0] = InterNetwork;
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), interfaceIndex);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), Reachable);
        socket.Ask(new NetlinkRequest($"learn {neighbour}", NewNeighbour, NetlinkRequest.Create | NetlinkRequest.Replace, header)
            .With(DestinationAttribute, neighbour.GetAddressBytes()).With(LinkLayerAttribute, mac));
    }

    /// <summary>Reads RTM_NEWNEIGH or RTM_DELNEIGH; null when it is not about IPv4.</summary>
    public static NeighbourFact? TryParseNeighbour(NetlinkMessage message) =>
        message.Payload.Length >= NeighbourBytes && message.Payload[0] == InterNetwork ? ParseNeighbour(message) : null;

    private static LinkFact ParseLink(NetlinkMessage message)
    {
        const ushort AddressAttribute = 1, NameAttribute = 3, MtuAttribute = 4;
        const uint Up = 1 << 0, Running = 1 << 6;
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(message.Payload.AsSpan(8));
        var mac = message.Attribute(LinkBytes, AddressAttribute);
        var mtu = message.Attribute(LinkBytes, MtuAttribute);
        return new LinkFact(
            BinaryPrimitives.ReadInt32LittleEndian(message.Payload.AsSpan(4)),
            Encoding.UTF8.GetString(message.Attribute(LinkBytes, NameAttribute).Span).TrimEnd('\0'),
            mac.Length == 6 ? mac.ToArray() : [],
            mtu.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(mtu.Span) : 0,
            (flags & (Up | Running)) == (Up | Running));
    }

    private static AddressFact ParseAddress(NetlinkMessage message)
    {
        const ushort AddressAttribute = 1, LocalAttribute = 2;
        const byte Secondary = 1;
        var local = message.Attribute(AddressBytes, LocalAttribute);
        if (local.Length != 4)
            local = message.Attribute(AddressBytes, AddressAttribute);
        return new AddressFact(
            BinaryPrimitives.ReadInt32LittleEndian(message.Payload.AsSpan(4)), new IPAddress(local.Span),
            message.Payload[1], (message.Payload[2] & Secondary) != 0);
    }

    private static NeighbourFact ParseNeighbour(NetlinkMessage message)
    {
        const ushort DestinationAttribute = 1, LinkLayerAttribute = 2;
        // NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY
        const int Static = 0x80 | 0x40, Valid = Static | 0x02 | 0x10 | 0x04 | 0x08;
        var mac = message.Attribute(NeighbourBytes, LinkLayerAttribute);
        var address = message.Attribute(NeighbourBytes, DestinationAttribute);
        return new NeighbourFact(
            BinaryPrimitives.ReadInt32LittleEndian(message.Payload.AsSpan(4)),
            address.Length == 4 ? new IPAddress(address.Span) : IPAddress.None,
            mac.Length == 6 ? mac.ToArray() : [],
            (BinaryPrimitives.ReadUInt16LittleEndian(message.Payload.AsSpan(8)) & Valid) != 0,
            (BinaryPrimitives.ReadUInt16LittleEndian(message.Payload.AsSpan(8)) & Static) != 0);
    }
}
