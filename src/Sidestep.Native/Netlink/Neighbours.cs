using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>The kernel's neighbour tables (rtnetlink(7)), IPv4 and IPv6.</summary>
public static class Neighbours
{
    private const ushort NewNeighbour = 28, DeleteNeighbour = 29, GetNeighbour = 30;
    private const byte UseFlag = 1;
    private const int NeighbourMessageBytes = 12;
    private const ushort DestinationAttribute = 1, LinkLayerAttribute = 2;

    // NUD_PERMANENT | NUD_NOARP; and with NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY
    private const ushort Reachable = 0x02;
    private const int Static = 0x80 | 0x40, Valid = Static | Reachable | 0x10 | 0x04 | 0x08;

    /// <summary>All neighbours.</summary>
    public static IReadOnlyList<Neighbour> List(NetlinkSocket socket) =>
        [.. List(socket, AddressFamily.InterNetwork), .. List(socket, AddressFamily.InterNetworkV6)];

    /// <summary>Asks the kernel to resolve a neighbour (NTF_USE): the answer comes as an event.</summary>
    public static void Resolve(NetlinkSocket socket, int interfaceIndex, IPAddress neighbour)
    {
        Span<byte> message = stackalloc byte[NeighbourMessageBytes];
        Begin(message, interfaceIndex, neighbour);
        message[10] = UseFlag;
        socket.Execute(new NetlinkRequest($"resolve {neighbour}", NewNeighbour, NetlinkRequest.Create, message)
            .With(DestinationAttribute, neighbour.GetAddressBytes()));
    }

    /// <summary>Tells the kernel the Ethernet address that a neighbour has now (NUD_REACHABLE).</summary>
    public static void Learn(NetlinkSocket socket, int interfaceIndex, IPAddress neighbour, ReadOnlySpan<byte> mac)
    {
        Span<byte> message = stackalloc byte[NeighbourMessageBytes];
        Begin(message, interfaceIndex, neighbour);
        BinaryPrimitives.WriteUInt16LittleEndian(message[8..], Reachable);
        socket.Execute(new NetlinkRequest($"learn {neighbour}", NewNeighbour, NetlinkRequest.Create | NetlinkRequest.Replace, message)
            .With(DestinationAttribute, neighbour.GetAddressBytes()).With(LinkLayerAttribute, mac));
    }

    /// <summary>True for an event about a neighbour.</summary>
    public static bool IsEvent(NetlinkMessage message) => message.Type is NewNeighbour or DeleteNeighbour;

    private static IEnumerable<Neighbour> List(NetlinkSocket socket, AddressFamily family)
    {
        var message = new byte[NeighbourMessageBytes];
        message[0] = NetlinkFamily.Of(family);
        // Without IPv6 the kernel answers with what it has: the other family.
        return socket.Execute(new NetlinkRequest("list neighbours", GetNeighbour, NetlinkRequest.Dump, message))
            .Where(m => m.Payload[0] == message[0]).Select(Parse);
    }

    private static void Begin(Span<byte> message, int interfaceIndex, IPAddress neighbour)
    {
        message.Clear();
        message[0] = NetlinkFamily.Of(neighbour.AddressFamily);
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
    }

    private static Neighbour Parse(NetlinkMessage message)
    {
        var mac = message.Attribute(NeighbourMessageBytes, LinkLayerAttribute);
        var address = message.Attribute(NeighbourMessageBytes, DestinationAttribute);
        var state = BinaryPrimitives.ReadUInt16LittleEndian(message.Payload.AsSpan(8));
        return new Neighbour(
            BinaryPrimitives.ReadInt32LittleEndian(message.Payload.AsSpan(4)),
            address.Length is 4 or 16 ? new IPAddress(address.Span) : IPAddress.None,
            mac,
            (state & Valid) != 0,
            (state & Static) != 0);
    }
}

/// <summary>A neighbour.</summary>
/// <param name="InterfaceIndex">The interface.</param>
/// <param name="Address">The neighbour's address.</param>
/// <param name="Mac">Six bytes in wire order; empty when it is not resolved.</param>
/// <param name="IsValid">NUD_VALID: the kernel would send to it.</param>
/// <param name="IsStatic">NUD_PERMANENT or NUD_NOARP: somebody entered it, and no answer changes it.</param>
public sealed record Neighbour(int InterfaceIndex, IPAddress Address, ReadOnlyMemory<byte> Mac, bool IsValid, bool IsStatic);
