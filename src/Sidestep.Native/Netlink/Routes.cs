using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Route lookups by the kernel (rtnetlink(7)).</summary>
public static class Routes
{
    /// <summary>Multicast groups (RTMGRP_*) with all events that can change the path to an address: links, neighbours,
    /// addresses and routes of both families.</summary>
    public const uint EventMulticastGroups = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10;

    /// <summary>Looks up the route to an address.</summary>
    /// <param name="socket">Of the network namespace.</param>
    /// <param name="destination">The address.</param>
    /// <param name="mark">The mark of the packet, which policy rules may select; 0: none.</param>
    /// <exception cref="NativeException">ENETUNREACH: no route exists. EHOSTUNREACH, EINVAL, EACCES: the route is of
    /// type unreachable, blackhole or prohibit.</exception>
    public static Route Find(NetlinkSocket socket, IPAddress destination, uint mark = 0)
    {
        var reply = socket.Execute(Request(destination, mark, fibMatch: false))[0];
        var route = Parse(reply);
        // The kernel reports no event when it learns a path MTU (RFC 1191), or when that expires: the metric of the
        // route counts.
        return route.MtuBytes is not null && Expires(reply)
            ? route with { MtuBytes = Mtu(socket.Execute(Request(destination, mark, fibMatch: true))[0]) } : route;
    }

    internal static NetlinkRequest Request(IPAddress destination, uint mark, bool fibMatch)
    {
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        var bytes = destination.GetAddressBytes();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(destination.AddressFamily);
        message[RouteMessage.LengthAt] = (byte)(bytes.Length * 8);
        message[RouteMessage.FibMatchAt] = fibMatch ? RouteMessage.FibMatch : (byte)0;
        return new NetlinkRequest($"route to {destination}", RouteMessage.Get, 0, message)
            .With(RouteMessage.Destination, bytes).With(RouteMessage.Mark, mark);
    }

    internal static Route Parse(NetlinkMessage reply)
    {
        var output = reply.Attribute(RouteMessage.Bytes, RouteMessage.Output);
        return new Route(output.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(output.Span) : 0,
            Address(reply.Attribute(RouteMessage.Bytes, RouteMessage.Gateway))
                ?? Via(reply.Attribute(RouteMessage.Bytes, RouteMessage.Via)),
            reply.Payload[RouteMessage.TypeAt] == RouteMessage.Local)
        {
            Source = Address(reply.Attribute(RouteMessage.Bytes, RouteMessage.PreferredSource)),
            MtuBytes = Mtu(reply),
        };
    }

    /// <summary>True if the reply is valid for a limited time: struct rta_cacheinfo, its third word is not 0.</summary>
    internal static bool Expires(NetlinkMessage reply)
    {
        const int ExpiresAt = 8;
        var info = reply.Attribute(RouteMessage.Bytes, RouteMessage.CacheInfo);
        return info.Length >= ExpiresAt + sizeof(int)
            && BinaryPrimitives.ReadInt32LittleEndian(info.Span[ExpiresAt..]) != 0;
    }

    private static int? Mtu(NetlinkMessage reply)
    {
        var metrics = reply.Attribute(RouteMessage.Bytes, RouteMessage.Metrics);
        var mtu = NetlinkMessage.Attribute(metrics, RouteMessage.MtuMetric);
        return mtu.Length == 4 && BinaryPrimitives.ReadInt32LittleEndian(mtu.Span) is > 0 and var bytes ? bytes : null;
    }

    /// <summary>struct rtvia: a router of the other family (RFC 5549); the family comes first.</summary>
    private static IPAddress? Via(ReadOnlyMemory<byte> via) => via.Length > 2 ? Address(via[2..]) : null;

    private static IPAddress? Address(ReadOnlyMemory<byte> bytes) =>
        bytes.Length is 4 or 16 ? new IPAddress(bytes.Span) : null;
}

/// <summary>The result of a route lookup (RTM_GETROUTE).</summary>
/// <param name="InterfaceIndex">Index of the egress interface; 0 when the reply names none.</param>
/// <param name="Gateway">The router, of either family; null when the destination is on the link.</param>
/// <param name="IsLocal">The destination is this machine itself (RTN_LOCAL).</param>
public sealed record Route(int InterfaceIndex, IPAddress? Gateway, bool IsLocal)
{
    /// <summary>The source address that the kernel would use (RTA_PREFSRC); null when the reply names none.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>The longest IP datagram of this route in bytes (RTAX_MTU); null when the route does not limit
    /// it.</summary>
    public int? MtuBytes { get; init; }
}
