using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Routes, as the kernel would take them (rtnetlink(7)), IPv4.</summary>
public static class Routes
{
    private const ushort GetRoute = 26;
    private const byte InterNetwork = 2, LocalType = 2;
    private const int RouteMessageBytes = 12;
    private const ushort DestinationAttribute = 1, OutAttribute = 4, GatewayAttribute = 5;

    /// <summary>Multicast groups of everything that the way to an address depends on: links, neighbours, IPv4 addresses and
    /// routes (RTMGRP_*).</summary>
    public const uint EventGroups = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6;

    /// <summary>How the kernel would send to an address.</summary>
    /// <exception cref="NativeException">ENETUNREACH: there is no route.</exception>
    public static Route Find(NetlinkSocket socket, IPAddress destination)
    {
        Span<byte> message = stackalloc byte[RouteMessageBytes];
        message.Clear();
        message[0] = InterNetwork;
        message[1] = 32;
        var answer = socket.Ask(new NetlinkRequest($"route to {destination}", GetRoute, 0, message)
            .With(DestinationAttribute, destination.GetAddressBytes()))[0];
        var gateway = answer.Attribute(RouteMessageBytes, GatewayAttribute);
        var output = answer.Attribute(RouteMessageBytes, OutAttribute);
        return new Route(output.Length == 4 ? BinaryPrimitives.ReadInt32LittleEndian(output.Span) : 0,
            gateway.Length == 4 ? new IPAddress(gateway.Span) : null, answer.Payload[7] == LocalType);
    }
}

/// <summary>The kernel's answer to "how would you send there" (RTM_GETROUTE).</summary>
/// <param name="InterfaceIndex">The way out.</param>
/// <param name="Gateway">The router, null when the destination is on the link.</param>
/// <param name="IsLocal">The destination is this machine itself (RTN_LOCAL).</param>
public sealed record Route(int InterfaceIndex, IPAddress? Gateway, bool IsLocal);
