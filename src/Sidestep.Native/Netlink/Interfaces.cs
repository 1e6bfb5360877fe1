using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>The interfaces of a network namespace, and which of them lead to the rest of the world.</summary>
public static class Interfaces
{
    private const ushort GetLink = 18, GetRoute = 26;
    private const int LinkMessageBytes = 16, RouteMessageBytes = 12;
    private const ushort AddressAttribute = 1, NameAttribute = 3, MtuAttribute = 4;
    private const ushort RouteOutput = 4, RouteMultipath = 9;
    private const int NextHopBytes = 8;
    private const byte InterNetwork = 2, MainTable = 254, Unicast = 1;

    /// <summary>Every interface, in the order of the kernel's index.</summary>
    public static IReadOnlyList<InterfaceInfo> List(NetlinkSocket socket)
    {
        var interfaces = new List<InterfaceInfo>();
        foreach (var reply in socket.Execute(new NetlinkRequest("list interfaces", GetLink, NetlinkRequest.Dump, new byte[LinkMessageBytes])))
        {
            var name = Encoding.UTF8.GetString(reply.Attribute(LinkMessageBytes, NameAttribute).Span).TrimEnd('\0');
            var mtu = reply.Attribute(LinkMessageBytes, MtuAttribute).Span;
            interfaces.Add(new InterfaceInfo(BinaryPrimitives.ReadInt32LittleEndian(reply.Payload.AsSpan(4)), name,
                BinaryPrimitives.ReadUInt32LittleEndian(reply.Payload.AsSpan(8)),
                BinaryPrimitives.ReadUInt16LittleEndian(reply.Payload.AsSpan(2)))
            {
                Address = reply.Attribute(LinkMessageBytes, AddressAttribute),
                MtuBytes = mtu.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(mtu) : 0,
            });
        }
        return [.. interfaces.OrderBy(static i => i.Index)];
    }

    /// <summary>Indexes of the interfaces that IPv4 default routes of the main table leave by.</summary>
    public static IReadOnlySet<int> WithDefaultRoute(NetlinkSocket socket)
    {
        var indexes = new HashSet<int>();
        var fixedPart = new byte[RouteMessageBytes];
        fixedPart[0] = InterNetwork;
        foreach (var reply in socket.Execute(new NetlinkRequest("list routes", GetRoute, NetlinkRequest.Dump, fixedPart)))
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

/// <summary>A network interface.</summary>
/// <param name="Index">The kernel's index: unlike the name, not given to the next interface that is made.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Flags">IFF_*.</param>
/// <param name="HardwareType">ARPHRD_*: 1 for Ethernet.</param>
public sealed record InterfaceInfo(int Index, string Name, uint Flags, ushort HardwareType)
{
    private const uint Up = 1, Loopback = 8;
    private const ushort Ethernet = 1;

    /// <summary>The link-layer address in wire order: six bytes for Ethernet, empty for an interface that has none.</summary>
    public ReadOnlyMemory<byte> Address { get; init; }

    /// <summary>Largest IP datagram.</summary>
    public int MtuBytes { get; init; }

    /// <summary>Administratively up.</summary>
    public bool IsUp => (Flags & Up) != 0;

    /// <summary>The loopback device.</summary>
    public bool IsLoopback => (Flags & Loopback) != 0;

    /// <summary>Its packets begin with an Ethernet header.</summary>
    public bool IsEthernet => HardwareType == Ethernet;
}
