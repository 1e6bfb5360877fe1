using System.Net;
using System.Net.Sockets;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The network configuration by netlink. Not safe for threads.</summary>
/// <exception cref="NativeException">The kernel gives no socket.</exception>
internal sealed class NetlinkNetwork : IHostNetwork
{
    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    public IReadOnlyList<InterfaceInfo> Interfaces() => Native.Netlink.Interfaces.List(_socket);

    public IReadOnlyList<InterfaceAddress> Addresses() =>
        [.. InterfaceAddresses.List(_socket), .. InterfaceAddresses.List(_socket, AddressFamily.InterNetworkV6)];

    public Route FindRoute(IPAddress destination) => Routes.Find(_socket, destination);

    public IReadOnlyList<Neighbour> Neighbours() => Native.Netlink.Neighbours.List(_socket);

    public void Resolve(int interfaceIndex, IPAddress neighbour) =>
        Native.Netlink.Neighbours.Resolve(_socket, interfaceIndex, neighbour);

    public void Learn(int interfaceIndex, IPAddress neighbour, MacAddress mac)
    {
        var bytes = new byte[MacAddress.Length];
        mac.Write(bytes);
        Native.Netlink.Neighbours.Learn(_socket, interfaceIndex, neighbour, bytes);
    }

    public void Dispose() => _socket.Dispose();
}
