using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Default routes of the main table, both families.</summary>
public static class DefaultRoutes
{
    private const int NextHopBytes = 8;
    private const byte MainTable = 254;

    /// <summary>One for each next hop, in the kernel's order.</summary>
    public static IReadOnlyList<DefaultRouteInfo> List(NetlinkSocket socket) =>
        [.. List(socket, AddressFamily.InterNetwork), .. List(socket, AddressFamily.InterNetworkV6)];

    private static List<DefaultRouteInfo> List(NetlinkSocket socket, AddressFamily family)
    {
        var found = new List<DefaultRouteInfo>();
        foreach (var reply in RouteMessage.List(socket, family))
        {
            var route = reply.Payload;
            if (route[RouteMessage.LengthAt] != 0 || route[RouteMessage.TableAt] != MainTable || route[RouteMessage.TypeAt] != RouteMessage.Unicast)
                continue;
            var output = reply.Attribute(RouteMessage.Bytes, RouteMessage.Output).Span;
            if (output.Length == 4)
                found.Add(new DefaultRouteInfo(family, BinaryPrimitives.ReadInt32LittleEndian(output), Gateway(reply, RouteMessage.Bytes)));
            // struct rtnexthop: length, flags, hops, interface; then attributes
            var nextHops = reply.Attribute(RouteMessage.Bytes, RouteMessage.Multipath);
            while (nextHops.Length >= NextHopBytes)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(nextHops.Span);
                if (length < NextHopBytes || length > nextHops.Length)
                    break;
                var nextHop = new NetlinkMessage(0, 0, nextHops[..length].ToArray());
                found.Add(new DefaultRouteInfo(family, BinaryPrimitives.ReadInt32LittleEndian(nextHops.Span[4..]), Gateway(nextHop, NextHopBytes)));
                nextHops = nextHops[Math.Min(length + 3 & ~3, nextHops.Length)..];
            }
        }
        return found;
    }

    private static IPAddress? Gateway(NetlinkMessage message, int fixedBytes)
    {
        var gateway = message.Attribute(fixedBytes, RouteMessage.Gateway);
        if (gateway.IsEmpty && message.Attribute(fixedBytes, RouteMessage.Via) is { Length: > 2 } via)
            gateway = via[2..];
        return gateway.Length is 4 or 16 ? new IPAddress(gateway.Span) : null;
    }
}

/// <summary>One next hop of a default route.</summary>
/// <param name="Family">Of the route.</param>
/// <param name="InterfaceIndex">The way out.</param>
/// <param name="Gateway">The router, of either family; null: everything is on the link.</param>
public sealed record DefaultRouteInfo(AddressFamily Family, int InterfaceIndex, IPAddress? Gateway);
