using System.Buffers.Binary;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Receives copies of the Ethernet frames of one type that arrive at this network namespace (AF_PACKET, packet(7)).</summary>
public sealed unsafe class FrameReceiver : IDisposable
{
    private const int AddressBytes = 20;
    private const int DoNotWait = 0x40;
    private readonly FileDescriptor _descriptor;

    private FrameReceiver(FileDescriptor descriptor) => _descriptor = descriptor;

    /// <summary>Begins to receive.</summary>
    /// <param name="etherType">ETH_P_*.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameReceiver Open(ushort etherType)
    {
        var descriptor = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, BinaryPrimitives.ReverseEndianness(etherType));
        return descriptor >= 0 ? new FrameReceiver(new FileDescriptor(descriptor)) : throw NativeException.OfLastError("socket AF_PACKET");
    }

    /// <summary>Takes the next frame that is waiting, those that this machine sent included.</summary>
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
            var length = Libc.recvfrom(_descriptor.Value, bytes, (nuint)frame.Length, DoNotWait, from, &addressLength);
            interfaceIndex = BinaryPrimitives.ReadInt32LittleEndian(address[4..]);
            // An interface that goes down is told as an error once; the frames of the others go on.
            return length > 0 ? (int)length : 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();
}
