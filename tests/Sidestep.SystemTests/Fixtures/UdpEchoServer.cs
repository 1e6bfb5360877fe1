using System.Net;
using System.Net.Sockets;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>An ordinary UDP service of a real server, bound to the VIP: replies to every datagram with its
/// content.</summary>
internal sealed class UdpEchoServer : IDisposable
{
    public const ushort Port = 5300;
    private readonly Socket _socket;
    private readonly Thread _thread;

    public UdpEchoServer(NetworkNamespace netns, string address)
    {
        _socket = netns.Inside(() =>
        {
            var bound = IPAddress.Parse(address);
            var socket = new Socket(bound.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(bound, Port));
            return socket;
        });
        _thread = new Thread(Serve);
        _thread.Start();
    }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        var buffer = new byte[2048];
        EndPoint from = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any
            : IPAddress.IPv6Any, 0);
        try
        {
            while (true)
            {
                var length = _socket.ReceiveFrom(buffer, ref from);
                _socket.SendTo(buffer.AsSpan(0, length), from);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: the test is over.
        }
    }
}
