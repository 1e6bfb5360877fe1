using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sidestep.Lab.Traffic;

/// <summary>
/// UDP echo (RFC 862), with one addition: the reply to a datagram "who" is the server's name. The socket
/// is bound to the VIP, so the VIP is the source of its replies.
/// </summary>
internal static class EchoServer
{
    public static readonly byte[] IdentifyRequest = "who"u8.ToArray();

    private const int MaxDatagramBytes = 65535;

    public static async Task RunAsync(IPEndPoint listen, string name, CancellationToken cancel)
    {
        using var socket = new Socket(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(listen);
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var buffer = new byte[MaxDatagramBytes];
        while (!cancel.IsCancellationRequested)
        {
            var received = await socket.ReceiveFromAsync(buffer, listen, cancel);
            var payload = buffer.AsMemory(0, received.ReceivedBytes);
            var reply = payload.Span.SequenceEqual(IdentifyRequest) ? nameBytes : payload;
            await socket.SendToAsync(reply, received.RemoteEndPoint, cancel);
        }
    }
}
