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

    /// <summary>The first sends by any interface, each of the others by one: that spares the kernel a look-up per frame.</summary>
    private readonly Lane[] _lanes;

    private int _count;

    private FrameBatch(Lane[] lanes) => _lanes = lanes;

    /// <summary>Frames that were handed to devices.</summary>
    public long Sent { get; private set; }

    /// <summary>Frames that could not be: an interface is down or gone, or its queue full.</summary>
    public long Lost { get; private set; }

    /// <summary>The errno of the last that could not; 0: none.</summary>
    public int LastError { get; private set; }

    /// <summary>True: <see cref="Flush"/> comes before another <see cref="Add"/>.</summary>
    public bool IsFull => _count == Most;

    /// <summary>Opens a socket in this network namespace.</summary>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameBatch Open() => Open([]);

    /// <summary>Opens sockets in this network namespace.</summary>
    /// <param name="often">Indexes of the interfaces that most frames leave by.</param>
    /// <exception cref="NativeException">ENODEV: there is no such interface. EPERM: CAP_NET_RAW is missing.</exception>
    public static FrameBatch Open(IReadOnlyList<int> often)
    {
        ArgumentNullException.ThrowIfNull(often);
        var lanes = new List<Lane>();
        try
        {
            lanes.Add(Lane.Open(Lane.Any));
            foreach (var interfaceIndex in often.Distinct())
                lanes.Add(Lane.Open(interfaceIndex));
            return new FrameBatch([.. lanes]);
        }
        catch
        {
            foreach (var lane in lanes)
                lane.Dispose();
            throw;
        }
    }

    /// <summary>Has a frame sent with the next <see cref="Flush"/>.</summary>
    /// <param name="interfaceIndex">The way out.</param>
    /// <param name="frame">From the Ethernet header on. Its memory does not move and does not change until then: of a ring, or pinned.</param>
    public void Add(int interfaceIndex, ReadOnlySpan<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(_count, Most);
        _count++;
        var lane = _lanes[0];
        for (var i = 1; i < _lanes.Length; i++)
        {
            if (_lanes[i].InterfaceIndex == interfaceIndex)
                lane = _lanes[i];
        }
        lane.Add(interfaceIndex, frame);
    }

    /// <summary>Sends what was added. A frame that cannot be sent is lost and counted, as frames may be; the others go on.</summary>
    public void Flush()
    {
        if (_count == 0)
            return;
        foreach (var lane in _lanes)
            Send(lane);
        _count = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lane in _lanes)
            lane.Dispose();
    }

    private void Send(Lane lane)
    {
        for (var at = 0; at < lane.Count;)
        {
            var sent = lane.Send(at);
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
        lane.Count = 0;
    }

    /// <summary>A socket, and what is to be sent by it.</summary>
    private sealed class Lane : IDisposable
    {
        internal const int Any = 0;
        private const int QdiscBypass = 20;

        private readonly FileDescriptor _descriptor;
        private readonly Slot* _slots;
        private readonly Libc.MessageWithLength* _messages;

        private struct Slot
        {
            internal Libc.LinkAddress Address;
            internal Libc.BytesVector Bytes;
        }

        private Lane(FileDescriptor descriptor, int interfaceIndex)
        {
            (_descriptor, InterfaceIndex) = (descriptor, interfaceIndex);
            _slots = (Slot*)NativeMemory.AllocZeroed(Most, (nuint)sizeof(Slot));
            _messages = (Libc.MessageWithLength*)NativeMemory.AllocZeroed(Most, (nuint)sizeof(Libc.MessageWithLength));
            for (var i = 0; i < Most; i++)
            {
                _messages[i].msg_hdr.msg_iov = &_slots[i].Bytes;
                _messages[i].msg_hdr.msg_iovlen = 1;
                if (interfaceIndex != Any)
                    continue;
                _slots[i].Address.sll_family = Libc.AF_PACKET;
                _messages[i].msg_hdr.msg_name = &_slots[i].Address;
                _messages[i].msg_hdr.msg_namelen = (uint)sizeof(Libc.LinkAddress);
            }
        }

        /// <summary>The interface that all of it leaves by; <see cref="Any"/>: each frame says it.</summary>
        internal int InterfaceIndex { get; }

        internal int Count { get; set; }

        internal static Lane Open(int interfaceIndex)
        {
            // protocol 0: no frame is delivered to the socket
            var descriptor = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
            if (descriptor < 0)
                throw NativeException.OfLastError("socket AF_PACKET");
            var owned = new FileDescriptor(descriptor);
            try
            {
                var one = 1;
                if (Libc.setsockopt(descriptor, Libc.SOL_PACKET, QdiscBypass, &one, sizeof(int)) != 0)
                    throw NativeException.OfLastError("setsockopt PACKET_QDISC_BYPASS");
                var address = new Libc.LinkAddress { sll_family = Libc.AF_PACKET, sll_ifindex = interfaceIndex };
                if (interfaceIndex != Any && Libc.bind(descriptor, &address, (uint)sizeof(Libc.LinkAddress)) != 0)
                    throw NativeException.OfLastError("bind AF_PACKET");
                return new Lane(owned, interfaceIndex);
            }
            catch
            {
                owned.Dispose();
                throw;
            }
        }

        internal void Add(int interfaceIndex, ReadOnlySpan<byte> frame)
        {
            ref var slot = ref _slots[Count++];
            slot.Address.sll_ifindex = interfaceIndex;
            slot.Bytes.iov_base = Unsafe.AsPointer(ref MemoryMarshal.GetReference(frame));
            slot.Bytes.iov_len = (nuint)frame.Length;
        }

        /// <returns>How many of the frames from there on were sent; otherwise errno says why not even one.</returns>
        internal int Send(int at) => Libc.sendmmsg(_descriptor.Value, _messages + at, (uint)(Count - at), Libc.MSG_DONTWAIT);

        public void Dispose()
        {
            _descriptor.Dispose();
            NativeMemory.Free(_slots);
            NativeMemory.Free(_messages);
        }
    }
}
