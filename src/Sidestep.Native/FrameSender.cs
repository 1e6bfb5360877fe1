using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends Ethernet frames unchanged, one at a time; receives nothing.</summary>
public sealed unsafe class FrameSender : IDisposable
{
    private readonly PacketSocket _socket;

    private FrameSender(PacketSocket socket) => _socket = socket;

    /// <summary>Opens a socket in this network namespace.</summary>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameSender Open() => new(PacketSocket.Open());

    /// <summary>Sends one frame, unchanged, out of an interface.</summary>
    /// <param name="interfaceIndex">Index of the egress interface.</param>
    /// <param name="frame">The frame, starting with the Ethernet header, without the frame check sequence.</param>
    /// <returns>False when the frame was lost: the interface is down or gone, or its queue is full.</returns>
    public bool Send(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        var to = PacketSocket.Address(interfaceIndex);
        fixed (byte* bytes = frame)
        {
            var addressBytes = (uint)sizeof(Libc.LinkAddress);
            return Libc.sendto(_socket.Value, bytes, (nuint)frame.Length, 0, &to, addressBytes) == frame.Length;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
