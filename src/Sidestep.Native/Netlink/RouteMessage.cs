using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Messages about routes (rtnetlink(7)): struct rtmsg, then attributes. The structure is family, destination
/// length, source length, tos, table, protocol, scope, type (a byte each) and flags.</summary>
internal static class RouteMessage
{
    public const int Bytes = 12;
    public const ushort New = 24, Delete = 25, Get = 26;

    // Offsets in the structure. The byte for the table holds only numbers below 256; larger ones are an attribute.
    public const int FamilyAt = 0, LengthAt = 1, TableAt = 4, ProtocolAt = 5, ScopeAt = 6, TypeAt = 7, FlagsAt = 8;

    // RTA_*
    public const ushort Destination = 1, Output = 4, Gateway = 5, PreferredSource = 7, Metrics = 8, Multipath = 9;
    public const ushort CacheInfo = 12, Table = 15, Mark = 16, Via = 18;

    // RTAX_*: attributes inside of RTA_METRICS
    public const ushort MtuMetric = 2;

    /// <summary>RTM_F_FIB_MATCH: the reply is the route itself, without what the kernel has learned about the
    /// destination.</summary>
    public const byte FibMatchAt = 9, FibMatch = 0x20;

    // RTN_*; RTPROT_*: the origin of a route
    public const byte Unicast = 1, Local = 2, Blackhole = 6;
    public const byte ByKernel = 2, ByAdministrator = 4;

    /// <summary>Lists every route of a family, in the kernel's order.</summary>
    public static IEnumerable<NetlinkMessage> List(NetlinkSocket socket, AddressFamily family)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var message = new byte[Bytes];
        message[FamilyAt] = NetlinkFamily.Of(family);
        // A kernel without the family lists another one instead.
        return socket.Execute(new NetlinkRequest("list routes", Get, NetlinkRequest.Dump, message))
            .Where(reply => reply.Type == New && reply.Payload[FamilyAt] == message[FamilyAt]);
    }
}
