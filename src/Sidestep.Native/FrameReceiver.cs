using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Receives copies of the Ethernet frames of one type that arrive in this network namespace, one at a
/// time.</summary>
public sealed unsafe class FrameReceiver : IDisposable
{
    private readonly PacketSocket _socket;

    private FrameReceiver(PacketSocket socket) => _socket = socket;

    /// <summary>Opens a socket and starts to receive.</summary>
    /// <param name="etherType">EtherType (ETH_P_*), host byte order.</param>
    /// <param name="only">Receives only frames with these byte values at these offsets, counted from the Ethernet
    /// header on. The kernel compares, so that other frames are not copied.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameReceiver Open(ushort etherType, params ReadOnlySpan<(int Offset, byte Value)> only)
    {
        var socket = PacketSocket.Open();
        try
        {
            if (!only.IsEmpty)
                SocketFilter.Attach(socket.Value, only);
            // Last, so that no frame arrives before the filter is in place.
            socket.Bind(interfaceIndex: 0, etherType);
            return new FrameReceiver(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Receives the next waiting frame, without blocking.</summary>
    /// <param name="frame">Receives the frame, truncated to this length.</param>
    /// <param name="interfaceIndex">Index of the ingress interface.</param>
    /// <returns>Bytes written; 0 when no frame is waiting.</returns>
    public int TryReceive(Span<byte> frame, out int interfaceIndex)
    {
        var from = default(Libc.LinkAddress);
        var fromLength = (uint)sizeof(Libc.LinkAddress);
        fixed (byte* bytes = frame)
        {
            var length = Libc.recvfrom(
                _socket.Value, bytes, (nuint)frame.Length, Libc.MSG_DONTWAIT, (byte*)&from, &fromLength);
            interfaceIndex = from.sll_ifindex;
            // The kernel reports an interface that goes down as an error, once; frames of other interfaces still
            // arrive.
            return length > 0 ? (int)length : 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
