using System.Net;
using System.Net.Sockets;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A real server: the VIP on its loopback without ARP for it, and a UDP service that replies from the VIP
/// with the request and its own number behind.</summary>
internal sealed class EchoServer : IDisposable
{
    public const int Port = 7;
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly byte _number;

    public EchoServer(NetworkNamespace netns, string vip, byte number)
    {
        Netns = netns;
        _number = number;
        Lan.SetSysctl(netns, "ipv4/conf/all/arp_ignore", 1);
        Lan.SetSysctl(netns, "ipv4/conf/all/arp_announce", 2);
        netns.Ip($"address replace {vip}/32 dev lo");
        _socket = netns.Inside(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram,
                ProtocolType.Udp)
            { ReceiveBufferSize = 1 << 20 };
            socket.Bind(new IPEndPoint(IPAddress.Parse(vip), Port));
            return socket;
        });
        _thread = new Thread(Serve) { IsBackground = true, Name = $"echo {number}" };
        _thread.Start();
    }

    public NetworkNamespace Netns { get; }

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        var buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            try
            {
                var length = _socket.ReceiveFrom(buffer.AsSpan(0, buffer.Length - 1), ref from);
                buffer[length] = _number;
                _socket.SendTo(buffer.AsSpan(0, length + 1), from);
            }
            catch (SocketException e) when (
                e.SocketErrorCode is SocketError.NetworkUnreachable or SocketError.NetworkDown
                or SocketError.HostUnreachable)
            {
                // Some tests take its link down for a while.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
