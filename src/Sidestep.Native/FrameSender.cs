using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends Ethernet frames as they are, one at a time; receives nothing.</summary>
public sealed unsafe class FrameSender : IDisposable
{
    private readonly PacketSocket _socket;

    private FrameSender(PacketSocket socket) => _socket = socket;

    /// <summary>Opens a socket in this network namespace.</summary>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameSender Open() => new(PacketSocket.Open());

    /// <summary>Sends one frame.</summary>
    /// <param name="interfaceIndex">The way out.</param>
    /// <param name="frame">From the Ethernet header on, without check sequence.</param>
    /// <returns>False when the interface is down, gone or its queue is full: the frame is lost, as frames may be.</returns>
    public bool Send(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        var to = PacketSocket.Address(interfaceIndex);
        fixed (byte* bytes = frame)
            return Libc.sendto(_socket.Value, bytes, (nuint)frame.Length, 0, &to, (uint)sizeof(Libc.LinkAddress)) == frame.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
