using System.Net;
using System.Net.Sockets;

namespace Sidestep.Daemon.Multicast;

/// <summary>A socket with IPv6 multicast memberships. Both methods throw <see cref="SocketException"/> when the kernel
/// refuses.</summary>
internal interface IMembershipSocket : IDisposable
{
    /// <summary>Joins a multicast address on an interface.</summary>
    void Join(int interfaceIndex, IPAddress address);

    /// <summary>Leaves a multicast address that this socket joined.</summary>
    void Leave(int interfaceIndex, IPAddress address);
}

/// <summary>A socket of the kernel. It receives nothing.</summary>
internal sealed class MembershipSocket : IMembershipSocket
{
    private readonly Socket _socket = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);

    public void Join(int interfaceIndex, IPAddress address) => _socket.SetSocketOption(
        SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(address, interfaceIndex));

    public void Leave(int interfaceIndex, IPAddress address) => _socket.SetSocketOption(
        SocketOptionLevel.IPv6, SocketOptionName.DropMembership, new IPv6MulticastOption(address, interfaceIndex));

    public void Dispose() => _socket.Dispose();
}
