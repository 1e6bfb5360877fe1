using System.Net;
using System.Net.Sockets;

namespace Sidestep.Lab.Streams;

/// <summary>Takes numbered datagrams and writes down which have come.</summary>
internal sealed class StreamReceiver : IDisposable
{
    private const int MaxDatagramBytes = 65535;

    // Seconds of any rate that the lab sends at: a process that waits for its processor loses nothing.
    private const int BufferBytes = 16 * 1024 * 1024;

    // asm-generic/socket.h: beyond what net.core.rmem_max allows, which root may.
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
