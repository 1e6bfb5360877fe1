using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Routes, as the kernel would take them (rtnetlink(7)).</summary>
public static class Routes
{
    /// <summary>Multicast groups of everything that the way to an address depends on: links, neighbours, addresses and routes
    /// of both families (RTMGRP_*).</summary>
    public const uint EventMulticastGroups = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10;

    /// <summary>How the kernel would send to an address.</summary>
    /// <exception cref="NativeException">ENETUNREACH: there is no route.</exception>
    public static Route Find(NetlinkSocket socket, IPAddress destination)
    {
        Span<byte> message = stackalloc byte[RouteMessage.Bytes];
        message.Clear();
        var bytes = destination.GetAddressBytes();
        message[RouteMessage.FamilyAt] = NetlinkFamily.Of(destination.AddressFamily);
        message[RouteMessage.LengthAt] = (byte)(bytes.Length * 8);
        var reply = socket.Execute(new NetlinkRequest($"route to {destination}", RouteMessage.Get, 0, message)
            .With(RouteMessage.Destination, bytes))[0];
        var output = reply.Attribute(RouteMessage.Bytes, RouteMessage.Output);
        return new Route(output.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(output.Span) : 0,
            Address(reply.Attribute(RouteMessage.Bytes, RouteMessage.Gateway)) ?? Via(reply.Attribute(RouteMessage.Bytes, RouteMessage.Via)),
            reply.Payload[RouteMessage.TypeAt] == RouteMessage.Local)
        { Source = Address(reply.Attribute(RouteMessage.Bytes, RouteMessage.PreferredSource)) };
    }

    /// <summary>struct rtvia: a router of the other family (RFC 5549), family first.</summary>
    private static IPAddress? Via(ReadOnlyMemory<byte> via) => via.Length > 2 ? Address(via[2..]) : null;

    private static IPAddress? Address(ReadOnlyMemory<byte> bytes) => bytes.Length is 4 or 16 ? new IPAddress(bytes.Span) : null;
}

/// <summary>The kernel's answer to "how would you send there" (RTM_GETROUTE).</summary>
/// <param name="InterfaceIndex">The way out.</param>
/// <param name="Gateway">The router, of either family; null when the destination is on the link.</param>
/// <param name="IsLocal">The destination is this machine itself (RTN_LOCAL).</param>
public sealed record Route(int InterfaceIndex, IPAddress? Gateway, bool IsLocal)
{
    /// <summary>The source address that the kernel would choose (RTA_PREFSRC).</summary>
    public IPAddress? Source { get; init; }
}
