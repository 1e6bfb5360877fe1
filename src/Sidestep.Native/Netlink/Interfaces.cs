using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>The interfaces of a network namespace, and those that have a default route.</summary>
public static class Interfaces
{
    private const ushort GetLink = 18, GetRoute = 26;
    private const int LinkMessageBytes = 16, RouteMessageBytes = 12;
    private const ushort AddressAttribute = 1, NameAttribute = 3, MtuAttribute = 4, CarrierChangesAttribute = 35;
    private const ushort RouteOutput = 4, RouteMultipath = 9;
    private const int NextHopBytes = 8;
    private const byte InterNetwork = 2, MainTable = 254, Unicast = 1;

    /// <summary>Lists every interface, ordered by the kernel's index.</summary>
    public static IReadOnlyList<InterfaceInfo> List(NetlinkSocket socket) => Parse(socket.Execute(
        new NetlinkRequest("list interfaces", GetLink, NetlinkRequest.Dump, new byte[LinkMessageBytes])));

    /// <summary>Queries the kernel for one interface; null: there is none of this index.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    public static InterfaceInfo? Find(NetlinkSocket socket, int interfaceIndex)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Span<byte> message = stackalloc byte[LinkMessageBytes];
        message.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], interfaceIndex);
        try
        {
            return Parse(socket.Execute(new NetlinkRequest($"show interface {interfaceIndex}", GetLink, 0, message)))
                .SingleOrDefault();
        }
        catch (NativeException e) when (e.Errno == Interop.Libc.ENODEV)
        {
            return null;
        }
    }

    /// <summary>The interfaces of a dump, ordered by index.</summary>
    internal static IReadOnlyList<InterfaceInfo> Parse(IEnumerable<NetlinkMessage> messages)
    {
        var interfaces = new List<InterfaceInfo>();
        foreach (var reply in messages)
        {
            var name = Encoding.UTF8.GetString(reply.Attribute(LinkMessageBytes, NameAttribute).Span).TrimEnd('\0');
            var mtu = reply.Attribute(LinkMessageBytes, MtuAttribute).Span;
            var changes = reply.Attribute(LinkMessageBytes, CarrierChangesAttribute).Span;
            interfaces.Add(new InterfaceInfo(BinaryPrimitives.ReadInt32LittleEndian(reply.Payload.AsSpan(4)), name,
                BinaryPrimitives.ReadUInt32LittleEndian(reply.Payload.AsSpan(8)),
                BinaryPrimitives.ReadUInt16LittleEndian(reply.Payload.AsSpan(2)))
            {
                Address = reply.Attribute(LinkMessageBytes, AddressAttribute),
                MtuBytes = mtu.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(mtu) : 0,
                CarrierChanges = changes.Length == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(changes) : 0,
            });
        }
        return [.. interfaces.OrderBy(static i => i.Index)];
    }

    /// <summary>Indexes of the interfaces through which IPv4 default routes of the main table lead.</summary>
    public static IReadOnlySet<int> WithDefaultRoute(NetlinkSocket socket)
    {
        var fixedPart = new byte[RouteMessageBytes];
        fixedPart[0] = InterNetwork;
        return OutputsOfDefaultRoutes(
            socket.Execute(new NetlinkRequest("list routes", GetRoute, NetlinkRequest.Dump, fixedPart)));
    }

    /// <summary>Indexes of the egress interfaces of the IPv4 default routes in a dump.</summary>
    internal static HashSet<int> OutputsOfDefaultRoutes(IEnumerable<NetlinkMessage> messages)
    {
        var indexes = new HashSet<int>();
        foreach (var reply in messages)
        {
            // struct rtmsg: family, destination length, source length, tos, table, protocol, scope, type
            var route = reply.Payload;
            if (route[0] != InterNetwork || route[1] != 0 || route[4] != MainTable || route[7] != Unicast)
                continue;
            var output = reply.Attribute(RouteMessageBytes, RouteOutput).Span;
            if (output.Length == 4)
                indexes.Add(BinaryPrimitives.ReadInt32LittleEndian(output));
            // struct rtnexthop: length, flags, hops, interface
            var nextHops = reply.Attribute(RouteMessageBytes, RouteMultipath).Span;
            while (nextHops.Length >= NextHopBytes)
            {
                indexes.Add(BinaryPrimitives.ReadInt32LittleEndian(nextHops[4..]));
                var length = BinaryPrimitives.ReadUInt16LittleEndian(nextHops);
                if (length < NextHopBytes || length > nextHops.Length)
                    break;
                nextHops = nextHops[Math.Min(length + 3 & ~3, nextHops.Length)..];
            }
        }
        return indexes;
    }
}

/// <summary>A network interface of this network namespace, as RTM_NEWLINK describes it.</summary>
/// <param name="Index">The kernel's index. Unlike a name, it is not reused for the next interface.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Flags">IFF_*.</param>
/// <param name="HardwareType">ARPHRD_*: 1 for Ethernet.</param>
public sealed record InterfaceInfo(int Index, string Name, uint Flags, ushort HardwareType)
{
    private const uint Up = 1, Loopback = 8, LowerUp = 1 << 16;
    private const ushort Ethernet = 1;

    /// <summary>The link-layer address in wire order: six bytes for Ethernet, empty for an interface that has
    /// none.</summary>
    public ReadOnlyMemory<byte> Address { get; init; }

    /// <summary>MTU: the largest IP datagram in bytes; 0 when the kernel does not report it.</summary>
    public int MtuBytes { get; init; }

    /// <summary>True if the interface is administratively up (IFF_UP).</summary>
    public bool IsUp => (Flags & Up) != 0;

    /// <summary>True if the interface is up and its link can carry frames (IFF_LOWER_UP): the cable is connected, and
    /// the other end is up.</summary>
    public bool HasCarrier => (Flags & LowerUp) != 0;

    /// <summary>Why the interface carries no frames, as a sentence without its end; null: it does.</summary>
    public string? Problem => !IsUp ? $"interface '{Name}' is down"
        : !HasCarrier ? $"interface '{Name}' has no carrier" : null;

    /// <summary>How often the carrier was lost or came back.</summary>
    public uint CarrierChanges { get; init; }

    /// <summary>True for the loopback device (IFF_LOOPBACK).</summary>
    public bool IsLoopback => (Flags & Loopback) != 0;

    /// <summary>True if the frames of the interface begin with an Ethernet header.</summary>
    public bool IsEthernet => HardwareType == Ethernet;
}
