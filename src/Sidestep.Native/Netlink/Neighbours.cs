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

    /// <summary>Lists the IPv4 and IPv6 neighbours of all interfaces, resolved or not.</summary>
    public static IReadOnlyList<Neighbour> List(NetlinkSocket socket) =>
        [.. List(socket, AddressFamily.InterNetwork), .. List(socket, AddressFamily.InterNetworkV6)];

    /// <summary>Finds one neighbour of an interface, resolved or not; null: there is none.</summary>
    public static Neighbour? Find(NetlinkSocket socket, int interfaceIndex, IPAddress neighbour)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(neighbour);
        var message = new byte[NeighbourMessageBytes];
        Begin(message, interfaceIndex, neighbour);
        try
        {
            return Parse(socket.Execute(new NetlinkRequest($"find neighbour {neighbour}", GetNeighbour, 0, message)
                .With(DestinationAttribute, neighbour.GetAddressBytes()))[0]);
        }
        catch (NativeException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Makes the kernel resolve a neighbour (NTF_USE); the result arrives as an event.</summary>
    public static void Resolve(NetlinkSocket socket, int interfaceIndex, IPAddress neighbour) =>
        socket.Execute(ResolveRequest(interfaceIndex, neighbour));

    internal static NetlinkRequest ResolveRequest(int interfaceIndex, IPAddress neighbour)
    {
        Span<byte> message = stackalloc byte[NeighbourMessageBytes];
        Begin(message, interfaceIndex, neighbour);
        message[10] = UseFlag;
        return new NetlinkRequest($"resolve {neighbour}", NewNeighbour, NetlinkRequest.Create, message)
            .With(DestinationAttribute, neighbour.GetAddressBytes());
    }

    /// <summary>Updates the Ethernet address of a neighbour in the kernel's table (NUD_REACHABLE).</summary>
    public static void Learn(NetlinkSocket socket, int interfaceIndex, IPAddress neighbour, ReadOnlySpan<byte> mac) =>
        socket.Execute(LearnRequest(interfaceIndex, neighbour, mac));

    internal static NetlinkRequest LearnRequest(int interfaceIndex, IPAddress neighbour, ReadOnlySpan<byte> mac)
    {
        Span<byte> message = stackalloc byte[NeighbourMessageBytes];
        Begin(message, interfaceIndex, neighbour);
        BinaryPrimitives.WriteUInt16LittleEndian(message[8..], Reachable);
        const ushort Flags = NetlinkRequest.Create | NetlinkRequest.Replace;
        return new NetlinkRequest($"learn {neighbour}", NewNeighbour, Flags, message)
            .With(DestinationAttribute, neighbour.GetAddressBytes()).With(LinkLayerAttribute, mac);
    }

    /// <summary>True for an event about a neighbour.</summary>
    public static bool IsEvent(NetlinkMessage message) => message.Type is NewNeighbour or DeleteNeighbour;

    private static IEnumerable<Neighbour> List(NetlinkSocket socket, AddressFamily family)
    {
        var message = new byte[NeighbourMessageBytes];
        message[0] = NetlinkFamily.Of(family);
        // A kernel without IPv6 lists the other family instead.
        return socket.Execute(new NetlinkRequest("list neighbours", GetNeighbour, NetlinkRequest.Dump, message))
            .Where(m => m.Payload[0] == message[0]).Select(Parse);
    }

    private static void Begin(Span<byte> message, int interfaceIndex, IPAddress neighbour)
    {
        message.Clear();
        message[0] = NetlinkFamily.Of(neighbour.AddressFamily);
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
    }

    internal static Neighbour Parse(NetlinkMessage message)
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

/// <summary>An entry of the kernel's neighbour table (ARP table for IPv4).</summary>
/// <param name="InterfaceIndex">The interface.</param>
/// <param name="Address">Its IP address; <see cref="IPAddress.None"/> when the message has none.</param>
/// <param name="Mac">Ethernet address, six bytes in wire order; empty when it is not resolved.</param>
/// <param name="IsValid">NUD_VALID: the kernel would send to it.</param>
/// <param name="IsStatic">NUD_PERMANENT or NUD_NOARP: configured statically; no reply changes it.</param>
public sealed record Neighbour(
    int InterfaceIndex, IPAddress Address, ReadOnlyMemory<byte> Mac, bool IsValid, bool IsStatic);
