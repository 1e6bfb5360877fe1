using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Receives copies of the Ethernet frames of one type that arrive at this network namespace (AF_PACKET, packet(7)).</summary>
public sealed unsafe class FrameReceiver : IDisposable
{
    private const int AddressBytes = 20;
    private readonly FileDescriptor _descriptor;

    private FrameReceiver(FileDescriptor descriptor) => _descriptor = descriptor;

    /// <summary>Begins to receive.</summary>
    /// <param name="etherType">ETH_P_*.</param>
    /// <param name="only">The only frames wanted: the byte at each offset, from the Ethernet header on, has this value. The
    /// kernel compares, so that the others cost no copy.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameReceiver Open(ushort etherType, params ReadOnlySpan<(int Offset, byte Value)> only)
    {
        // Protocol 0, and bound last: nothing comes before the filter is in place.
        var descriptor = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_PACKET");
        var receiver = new FrameReceiver(new FileDescriptor(descriptor));
        try
        {
            if (!only.IsEmpty)
                SocketFilter.Attach(descriptor, only);
            Span<byte> address = stackalloc byte[AddressBytes];
            address.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(address, Libc.AF_PACKET);
            BinaryPrimitives.WriteUInt16BigEndian(address[2..], etherType);
            fixed (byte* pointer = address)
            {
                if (Libc.bind(descriptor, pointer, AddressBytes) != 0)
                    throw NativeException.OfLastError("bind AF_PACKET");
            }
            return receiver;
        }
        catch
        {
            receiver.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next frame that is waiting.</summary>
    /// <param name="frame">Receives its beginning.</param>
    /// <param name="interfaceIndex">Where it arrived.</param>
    /// <returns>How many bytes were written; 0 when no frame waits.</returns>
    public int TryReceive(Span<byte> frame, out int interfaceIndex)
    {
        // struct sockaddr_ll
        Span<byte> address = stackalloc byte[AddressBytes];
        uint addressLength = AddressBytes;
        fixed (byte* bytes = frame, from = address)
        {
            var length = Libc.recvfrom(_descriptor.Value, bytes, (nuint)frame.Length, Libc.MSG_DONTWAIT, from, &addressLength);
            interfaceIndex = BinaryPrimitives.ReadInt32LittleEndian(address[4..]);
            // An interface that goes down is told as an error once; the frames of the others go on.
            return length > 0 ? (int)length : 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();
}
