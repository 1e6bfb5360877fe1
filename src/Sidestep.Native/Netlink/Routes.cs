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
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        var bytes = destination.GetAddressBytes();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(destination.AddressFamily);
        message[RouteMessage.LengthAt] = (byte)(bytes.Length * 8);
        return Parse(socket.Execute(new NetlinkRequest($"route to {destination}", RouteMessage.Get, 0, message)
            .With(RouteMessage.Destination, bytes).With(RouteMessage.Mark, mark))[0]);
    }

    internal static Route Parse(NetlinkMessage reply)
    {
        var output = reply.Attribute(RouteMessage.Bytes, RouteMessage.Output);
        return new Route(output.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(output.Span) : 0,
            Address(reply.Attribute(RouteMessage.Bytes, RouteMessage.Gateway))
                ?? Via(reply.Attribute(RouteMessage.Bytes, RouteMessage.Via)),
            reply.Payload[RouteMessage.TypeAt] == RouteMessage.Local)
        { Source = Address(reply.Attribute(RouteMessage.Bytes, RouteMessage.PreferredSource)) };
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
}
