using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Streams;

/// <summary>Receives numbered datagrams and counts them.</summary>
internal sealed class StreamReceiver : IDisposable
{
    private const int MaxDatagramBytes = 65535;

    // Receive buffer in bytes: several seconds of the lab's highest rate, so that a process that waits for a CPU loses
    // nothing.
    private const int BufferBytes = 16 * 1024 * 1024;

    // asm-generic/socket.h: may exceed net.core.rmem_max, with privileges.
    private const int SolSocket = 1, SoRcvBufForce = 33;

    private readonly Socket _socket;

    public StreamReceiver(IPEndPoint listen)
    {
        _socket = new Socket(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _socket.SetRawSocketOption(SolSocket, SoRcvBufForce, BitConverter.GetBytes(BufferBytes));
        _socket.Bind(listen);
    }

    public async Task ReceiveAsync(StreamCounter counter, CancellationToken cancel)
    {
        var buffer = new byte[MaxDatagramBytes];
        while (!cancel.IsCancellationRequested)
        {
            var length = await _socket.ReceiveAsync(buffer, cancel);
            if (length == StreamWire.Length)
            {
                var (sender, number) = StreamWire.Read(buffer);
                counter.Add(sender, number);
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
