using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Default routes of the main table, for both families.</summary>
public static class DefaultRoutes
{
    private const int NextHopBytes = 8;
    private const byte MainTable = 254;

    /// <summary>One entry per next hop, in the kernel's order.</summary>
    public static IReadOnlyList<DefaultRouteInfo> List(NetlinkSocket socket) =>
        [.. List(socket, AddressFamily.InterNetwork), .. List(socket, AddressFamily.InterNetworkV6)];

    private static List<DefaultRouteInfo> List(NetlinkSocket socket, AddressFamily family) =>
        Parse(family, RouteMessage.List(socket, family));

    /// <summary>The next hops of the default routes among messages about routes of one family.</summary>
    internal static List<DefaultRouteInfo> Parse(AddressFamily family, IEnumerable<NetlinkMessage> messages)
    {
        var found = new List<DefaultRouteInfo>();
        foreach (var reply in messages)
        {
            var route = reply.Payload;
            if (route[RouteMessage.LengthAt] != 0 || route[RouteMessage.TableAt] != MainTable
                || route[RouteMessage.TypeAt] != RouteMessage.Unicast)
                continue;
            var output = reply.Attribute(RouteMessage.Bytes, RouteMessage.Output).Span;
            if (output.Length == 4)
            {
                var index = BinaryPrimitives.ReadInt32LittleEndian(output);
                found.Add(new DefaultRouteInfo(family, index, Gateway(reply, RouteMessage.Bytes)));
            }
            // struct rtnexthop: length, flags, hops, interface; then attributes
            var nextHops = reply.Attribute(RouteMessage.Bytes, RouteMessage.Multipath);
            while (nextHops.Length >= NextHopBytes)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(nextHops.Span);
                if (length < NextHopBytes || length > nextHops.Length)
                    break;
                var nextHop = new NetlinkMessage(0, 0, nextHops[..length].ToArray());
                var hopIndex = BinaryPrimitives.ReadInt32LittleEndian(nextHops.Span[4..]);
                found.Add(new DefaultRouteInfo(family, hopIndex, Gateway(nextHop, NextHopBytes)));
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
/// <param name="InterfaceIndex">Index of the egress interface.</param>
/// <param name="Gateway">The router, of either family; null when every destination is on the link.</param>
public sealed record DefaultRouteInfo(AddressFamily Family, int InterfaceIndex, IPAddress? Gateway);
