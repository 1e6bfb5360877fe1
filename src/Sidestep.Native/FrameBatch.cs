using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends frames by any interface, many with one call (AF_PACKET, sendmmsg(2)), past the queueing disciplines. Nothing is
/// allocated per frame. One thread at a time.</summary>
public sealed unsafe class FrameBatch : IDisposable
{
    /// <summary>Frames of one call.</summary>
    public const int Most = 64;

    private const int QdiscBypass = 20;

    private readonly FileDescriptor _descriptor;
    private readonly Slot* _slots;
    private readonly Libc.MessageWithLength* _messages;
    private int _count;

    private struct Slot
    {
        internal Libc.LinkAddress Address;
        internal Libc.BytesVector Bytes;
    }

    private FrameBatch(FileDescriptor descriptor)
    {
        _descriptor = descriptor;
        _slots = (Slot*)NativeMemory.AllocZeroed(Most, (nuint)sizeof(Slot));
        _messages = (Libc.MessageWithLength*)NativeMemory.AllocZeroed(Most, (nuint)sizeof(Libc.MessageWithLength));
        for (var i = 0; i < Most; i++)
        {
            _slots[i].Address.sll_family = Libc.AF_PACKET;
            _messages[i].msg_hdr.msg_name = &_slots[i].Address;
            _messages[i].msg_hdr.msg_namelen = (uint)sizeof(Libc.LinkAddress);
            _messages[i].msg_hdr.msg_iov = &_slots[i].Bytes;
            _messages[i].msg_hdr.msg_iovlen = 1;
        }
    }

    /// <summary>Frames that were handed to devices.</summary>
    public long Sent { get; private set; }

    /// <summary>Frames that could not be: an interface is down or gone, or its queue full.</summary>
    public long Lost { get; private set; }

    /// <summary>The errno of the last that could not; 0: none.</summary>
    public int LastError { get; private set; }

    /// <summary>True: <see cref="Flush"/> comes before another <see cref="Add"/>.</summary>
    public bool IsFull => _count == Most;

    /// <summary>Opens a socket in this network namespace.</summary>
    public static FrameBatch Open()
    {
        // protocol 0: no frame is delivered to the socket
        var descriptor = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_PACKET");
        var one = 1;
        if (Libc.setsockopt(descriptor, Libc.SOL_PACKET, QdiscBypass, &one, sizeof(int)) == 0)
            return new FrameBatch(new FileDescriptor(descriptor));
        var problem = NativeException.OfLastError("setsockopt PACKET_QDISC_BYPASS");
        _ = Libc.close(descriptor);
        throw problem;
    }

    /// <summary>Has a frame sent with the next <see cref="Flush"/>.</summary>
    /// <param name="interfaceIndex">The way out.</param>
    /// <param name="frame">From the Ethernet header on. Its memory does not move and does not change until then: of a ring, or pinned.</param>
    public void Add(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(_count, Most);
        ref var slot = ref _slots[_count++];
        slot.Address.sll_ifindex = interfaceIndex;
        slot.Bytes.iov_base = Unsafe.AsPointer(ref MemoryMarshal.GetReference(frame));
        slot.Bytes.iov_len = (nuint)frame.Length;
    }

    /// <summary>Sends what was added. A frame that cannot be sent is lost and counted, as frames may be; the others go on.</summary>
    public void Flush()
    {
        for (var at = 0; at < _count;)
        {
            var sent = Libc.sendmmsg(_descriptor.Value, _messages + at, (uint)(_count - at), Libc.MSG_DONTWAIT);
            if (sent > 0)
            {
                Sent += sent;
                at += sent;
                continue;
            }
            LastError = Marshal.GetLastPInvokeError();
            if (LastError == Libc.EINTR)
                continue;
            Lost++;
            at++;
        }
        _count = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _descriptor.Dispose();
        NativeMemory.Free(_slots);
        NativeMemory.Free(_messages);
    }
}
