using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Frames on their way out by one interface, in a ring that the kernel empties (AF_PACKET, PACKET_TX_RING), past the queueing
/// disciplines. Nothing is allocated per frame. One thread at a time.</summary>
/// <remarks>A frame is copied into its place, and the kernel copies it once more, into a buffer of its own: it would otherwise lend the
/// memory to the device, and a virtual device, which must not keep it, takes a page for each frame and copies there. How much the kernel
/// is to copy is said in a header in front of the frame (PACKET_VNET_HDR); with that, it leaves the comparison with the MTU to who
/// sends.</remarks>
public sealed unsafe class TransmitRing : IDisposable
{
    // linux/if_packet.h
    private const int Ring = 13, Loss = 14, QdiscBypass = 20;
    private const uint Available = 0, SendRequest = 1;

    /// <summary>struct tpacket2_hdr is status, length and more; 32 bytes in, what is sent begins: struct virtio_net_hdr, then the frame.</summary>
    private const int LengthAt = 4, OffloadAt = 32, HeaderBytesAt = OffloadAt + 2, FrameAt = OffloadAt + FrameOffload.Bytes;

    private const int RingBytes = 2 << 20, CacheLineBytes = 64, EthernetBytes = 14, TagBytes = 4, LargestMtu = 1 << 16;
    private const ushort Tag = 0x8100;

    /// <summary>Of a longer frame the device is lent what lies behind.</summary>
    private const int CopiedBytes = 2048;

    private const int MaxWaits = 5;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(1);

    private readonly PacketSocket _socket;
    private readonly int _mtuBytes, _entryBytes, _entries;
    private readonly MappedMemory _memory;

    /// <summary>How often it waited for room since the last <see cref="Flush"/>.</summary>
    private int _waits;

    /// <summary>Where the next frame goes, and how many before it the kernel has not taken.</summary>
    private int _next, _waiting;

    private TransmitRing(PacketSocket socket, int interfaceIndex)
    {
        _socket = socket;
        InterfaceIndex = interfaceIndex;
        _mtuBytes = Mtu ?? throw new NativeException($"the MTU of interface {interfaceIndex}", Libc.ENODEV);
        // An odd number of cache lines: the places do not all fall into the same part of the caches.
        _entryBytes = (FrameAt + EthernetBytes + TagBytes + _mtuBytes + CacheLineBytes - 1) / CacheLineBytes * CacheLineBytes | CacheLineBytes;
        _entries = RingBytes / _entryBytes;
        _memory = Prepare();
        socket.Bind(interfaceIndex, protocol: 0);
    }

    /// <summary>The kernel's index of the interface.</summary>
    public int InterfaceIndex { get; }

    /// <summary>Frames that have room, whatever the device has not sent yet.</summary>
    public int Capacity => _entries;

    /// <summary>Frames that were handed to the device.</summary>
    public long Sent { get; private set; }

    /// <summary>Frames that could not be: the interface is down or gone, its queue or the ring full, or they are longer than its MTU.</summary>
    public long Lost { get; private set; }

    /// <summary>The errno of the last that could not; 0: none.</summary>
    public int LastError { get; private set; }

    /// <summary>The interface was deleted or has left this network namespace: nothing leaves by this ring any more, even if it comes back.</summary>
    internal bool IsInterfaceGone
    {
        get
        {
            var address = default(Libc.LinkAddress);
            var length = (uint)sizeof(Libc.LinkAddress);
            return Libc.getsockname(_socket.Value, &address, &length) == 0 && address.sll_ifindex < 0;
        }
    }

    /// <summary>Opens a ring in this network namespace.</summary>
    /// <exception cref="NativeException">ENODEV: there is no such interface. EPERM: CAP_NET_RAW or CAP_NET_ADMIN is missing.</exception>
    public static TransmitRing Open(int interfaceIndex) => PacketSocket.Open(s => new TransmitRing(s, interfaceIndex));

    /// <summary>Whether a frame was not longer than the MTU when the ring was opened.</summary>
    internal bool Fits(ReadOnlySpan<byte> frame) => frame.Length <= _mtuBytes + EthernetBytes ||
        frame.Length <= _mtuBytes + EthernetBytes + TagBytes && BinaryPrimitives.ReadUInt16BigEndian(frame[(EthernetBytes - 2)..]) == Tag;

    /// <summary>Whether the MTU has changed since the ring was opened.</summary>
    internal bool IsOutdated => Mtu is { } now && now != _mtuBytes;

    private int? Mtu => LinkSettings.Mtu(_socket.Value, InterfaceIndex) is { } bytes ? Math.Min(bytes, LargestMtu) : null;

    /// <summary>Has a frame sent with the next <see cref="Flush"/>, or before. If there is no room for it, and after some
    /// milliseconds (five between two flushes) still none, it is lost.</summary>
    /// <param name="frame">From the Ethernet header on; copied.</param>
    public void Add(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetBytes || !Fits(frame))
        {
            CountLost(Libc.EMSGSIZE);
            return;
        }
        if (!HasFreeEntry)
            Send();
        // Who gives places back may have to run on this CPU, after this thread (ksoftirqd; see adr/0042). A few times per batch: a device
        // that stands still must not keep frames of others waiting.
        for (; !HasFreeEntry && _waits < MaxWaits; _waits++)
            Thread.Sleep(RetryPause);
        if (!HasFreeEntry)
        {
            CountLost(Libc.ENOBUFS);
            return;
        }
        var entry = EntryAt(_next);
        frame.CopyTo(new Span<byte>(entry + FrameAt, frame.Length));
        *(ushort*)(entry + HeaderBytesAt) = (ushort)Math.Min(frame.Length, CopiedBytes);
        Length(entry) = FrameOffload.Bytes + frame.Length;
        Volatile.Write(ref *(uint*)entry, SendRequest);
        _next = _next + 1 == _entries ? 0 : _next + 1;
        _waiting++;
    }

    /// <summary>Sends what was added. A frame that cannot be sent is lost and counted, as frames may be; the others go on.</summary>
    public void Flush()
    {
        Send();
        _waits = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Send()
    {
        while (_waiting > 0)
        {
            var error = Libc.sendto(_socket.Value, null, 0, Libc.MSG_DONTWAIT, null, 0) < 0 ? Marshal.GetLastPInvokeError() : Libc.ENOBUFS;
            SkipTaken();
            if (_waiting == 0)
                return;
            var rejected = FirstWaiting;
            if (Length(rejected) == 0)
            {
                Withdraw();
                return;
            }
            // The kernel tries this one again and again. One without any bytes it leaves out.
            Length(rejected) = 0;
            CountLost(error);
        }
    }

    /// <summary>What the kernel has taken, whether the device still holds it or not.</summary>
    private void SkipTaken()
    {
        for (; _waiting > 0 && Status(FirstWaiting) != SendRequest; _waiting--)
        {
            if (Length(FirstWaiting) != 0)
                Sent++;
        }
    }

    /// <summary>Nothing at all goes out: the interface is down or gone. The kernel is where the first is that waits.</summary>
    private void Withdraw()
    {
        var first = _next - _waiting;
        for (; _waiting > 0; _waiting--)
        {
            if (Length(FirstWaiting) != 0)
                Lost++;
            Volatile.Write(ref *(uint*)FirstWaiting, Available);
        }
        _next = first < 0 ? first + _entries : first;
    }

    private void CountLost(int error) => (Lost, LastError) = (Lost + 1, error);

    private bool HasFreeEntry => Status(EntryAt(_next)) == Available;

    private byte* FirstWaiting => EntryAt(_next - _waiting);

    /// <param name="number">From minus the number of places to that number: they are in a ring.</param>
    private byte* EntryAt(int number) => _memory.Address + (nint)(number < 0 ? number + _entries : number) * _entryBytes;

    private static uint Status(byte* entry) => Volatile.Read(ref *(uint*)entry);

    private static ref int Length(byte* entry) => ref *(int*)(entry + LengthAt);

    private MappedMemory Prepare()
    {
        _socket.SetEntryLayout();
        _socket.Set(QdiscBypass, 1, "PACKET_QDISC_BYPASS");
        // Without it, the kernel would stop at a frame that it cannot send, and wait there for another.
        _socket.Set(Loss, 1, "PACKET_LOSS");
        // What devices hold is to be bounded by the ring, not by this.
        _socket.SetSendBuffer(2 * RingBytes);
        return _socket.MapRing(Ring, "PACKET_TX_RING", blocks: 1, RingBytes, _entryBytes);
    }
}
