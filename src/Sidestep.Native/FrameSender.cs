using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends Ethernet frames as they are (AF_PACKET, packet(7)); receives nothing.</summary>
public sealed unsafe class FrameSender : IDisposable
{
    private const int AddressBytes = 20;
    private readonly FileDescriptor _descriptor;

    private FrameSender(FileDescriptor descriptor) => _descriptor = descriptor;

    /// <summary>Opens a socket in this network namespace.</summary>
    public static FrameSender Open()
    {
        // protocol 0: no frame is delivered to the socket
        var descriptor = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        return descriptor >= 0 ? new FrameSender(new FileDescriptor(descriptor)) : throw NativeException.OfLastError("socket AF_PACKET");
    }

    /// <summary>Sends one frame.</summary>
    /// <param name="interfaceIndex">The way out.</param>
    /// <param name="frame">From the Ethernet header on, without check sequence.</param>
    /// <returns>False when the interface is down, gone or its queue is full: the frame is lost, as frames may be.</returns>
    public bool Send(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        // struct sockaddr_ll
        Span<byte> address = stackalloc byte[AddressBytes];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, Libc.AF_PACKET);
        BinaryPrimitives.WriteInt32LittleEndian(address[4..], interfaceIndex);
        fixed (byte* bytes = frame, to = address)
            return Libc.sendto(_descriptor.Value, bytes, (nuint)frame.Length, 0, to, AddressBytes) == frame.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();
}
