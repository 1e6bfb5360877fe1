using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Addresses for which the kernel answers neighbour solicitations although no interface has them
/// (<c>ip neigh add proxy</c>).</summary>
public static class NeighbourProxies
{
    private const ushort NewNeighbour = 28, GetNeighbour = 30, DestinationAttribute = 1;
    private const int NeighbourMessageBytes = 12;
    private const byte ProxyFlag = 8;

    /// <summary>Lists the proxied IPv6 addresses. Interface 0 means every interface.</summary>
    public static IReadOnlyList<(int InterfaceIndex, IPAddress Address)> List(NetlinkSocket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var message = new byte[NeighbourMessageBytes];
        message[0] = NetlinkFamily.InterNetworkV6;
        message[10] = ProxyFlag;
        var found = new List<(int, IPAddress)>();
        var request = new NetlinkRequest("list proxied neighbours", GetNeighbour, NetlinkRequest.Dump, message);
        foreach (var reply in socket.Execute(request))
        {
            var address = reply.Attribute(NeighbourMessageBytes, DestinationAttribute);
            if (reply.Type != NewNeighbour || (reply.Payload[10] & ProxyFlag) == 0 || address.Length != 16)
                continue;
            var index = BinaryPrimitives.ReadInt32LittleEndian(reply.Payload.AsSpan(4));
            found.Add((index, new IPAddress(address.Span)));
        }
        return found;
    }
}
