using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Receives copies of the Ethernet frames of one type that arrive at this network namespace, one at a time.</summary>
public sealed unsafe class FrameReceiver : IDisposable
{
    private readonly PacketSocket _socket;

    private FrameReceiver(PacketSocket socket) => _socket = socket;

    /// <summary>Begins to receive.</summary>
    /// <param name="etherType">ETH_P_*.</param>
    /// <param name="only">The only frames wanted: the byte at each offset, from the Ethernet header on, has this value. The
    /// kernel compares, so that the others cost no copy.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameReceiver Open(ushort etherType, params ReadOnlySpan<(int Offset, byte Value)> only)
    {
        var socket = PacketSocket.Open();
        try
        {
            if (!only.IsEmpty)
                SocketFilter.Attach(socket.Value, only);
            // Last: nothing comes before the filter is in place.
            socket.Bind(interfaceIndex: 0, etherType);
            return new FrameReceiver(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next frame that is waiting.</summary>
    /// <param name="frame">Receives its beginning.</param>
    /// <param name="interfaceIndex">Where it arrived.</param>
    /// <returns>How many bytes were written; 0 when no frame waits.</returns>
    public int TryReceive(Span<byte> frame, out int interfaceIndex)
    {
        var from = default(Libc.LinkAddress);
        var fromLength = (uint)sizeof(Libc.LinkAddress);
        fixed (byte* bytes = frame)
        {
            var length = Libc.recvfrom(_socket.Value, bytes, (nuint)frame.Length, Libc.MSG_DONTWAIT, (byte*)&from, &fromLength);
            interfaceIndex = from.sll_ifindex;
            // An interface that goes down is told as an error once; the frames of the others go on.
            return length > 0 ? (int)length : 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
