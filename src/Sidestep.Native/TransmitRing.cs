using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Sends frames through one interface, by a ring that the kernel empties (AF_PACKET, PACKET_TX_RING); bypasses
/// queueing disciplines. Nothing is allocated per frame. One thread at a time.</summary>
/// <remarks>A frame is copied into its entry, and the kernel copies it again into its own buffer. Otherwise the kernel
/// would lend the memory to the device; a virtual device must not keep it, and would take a page per frame and copy
/// there. A header in front of the frame says how much the kernel copies (PACKET_VNET_HDR). With that header, the
/// kernel leaves the comparison with the MTU to the sender.</remarks>
public sealed unsafe class TransmitRing : IDisposable
{
    // linux/if_packet.h
    private const int Ring = 13, Loss = 14, QdiscBypass = 20;
    private const uint Available = 0, SendRequest = 1;

    /// <summary>struct tpacket2_hdr: status, length and more. At offset 32 the content begins: struct virtio_net_hdr,
    /// then the frame.</summary>
    private const int LengthAt = 4, OffloadAt = 32, HeaderBytesAt = OffloadAt + 2;
    private const int FrameAt = OffloadAt + FrameOffload.Bytes;

    private const int RingBytes = 2 << 20, CacheLineBytes = 64, EthernetBytes = 14, TagBytes = 4, LargestMtu = 1 << 16;
    private const ushort Tag = 0x8100;

    /// <summary>Bytes that the kernel copies; the remaining bytes of a longer frame are lent to the device.</summary>
    private const int CopiedBytes = 2048;

    private const int MaxWaits = 5;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(1);

    private readonly PacketSocket _socket;
    private readonly int _mtuBytes, _entryBytes, _entries;
    private readonly MappedMemory _memory;

    /// <summary>Waits for a free entry since the last <see cref="Flush"/>.</summary>
    private int _waits;

    /// <summary>Entry of the next frame, and the number of entries before it that the kernel has not taken.</summary>
    private int _next, _waiting;

    private TransmitRing(PacketSocket socket, int interfaceIndex)
    {
        _socket = socket;
        InterfaceIndex = interfaceIndex;
        _mtuBytes = Mtu ?? throw new NativeException($"the MTU of interface {interfaceIndex}", Libc.ENODEV);
        // An odd number of cache lines, so that entries spread over all sets of the caches.
        var bytes = FrameAt + EthernetBytes + TagBytes + _mtuBytes;
        _entryBytes = (bytes + CacheLineBytes - 1) / CacheLineBytes * CacheLineBytes | CacheLineBytes;
        _entries = RingBytes / _entryBytes;
        _memory = Prepare();
        socket.Bind(interfaceIndex, protocol: 0);
    }

    /// <summary>The kernel's index of the interface.</summary>
    public int InterfaceIndex { get; }

    /// <summary>Number of entries: frames that fit while the device has sent none of them.</summary>
    public int Capacity => _entries;

    /// <summary>Frames that the device accepted.</summary>
    public long Sent { get; private set; }

    /// <summary>Frames that were lost: the interface is down or gone, its queue or the ring is full, or they exceed its
    /// MTU.</summary>
    public long Lost { get; private set; }

    /// <summary>The errno of the last lost frame; 0 when none was lost.</summary>
    public int LastError { get; private set; }

    /// <summary>True if the interface was deleted or left this network namespace. The ring sends nothing any more, even
    /// if the interface comes back.</summary>
    internal bool IsInterfaceGone => !_socket.IsBoundTo(InterfaceIndex);

    /// <summary>Opens a ring in this network namespace.</summary>
    /// <exception cref="NativeException">ENODEV: the interface does not exist. EPERM: CAP_NET_RAW or CAP_NET_ADMIN is
    /// missing.</exception>
    public static TransmitRing Open(int interfaceIndex) => PacketSocket.Open(s => new TransmitRing(s, interfaceIndex));

    /// <summary>True if the frame fits the MTU of the time at which the ring was opened.</summary>
    internal bool Fits(ReadOnlySpan<byte> frame) => frame.Length <= _mtuBytes + EthernetBytes ||
        frame.Length <= _mtuBytes + EthernetBytes + TagBytes
            && BinaryPrimitives.ReadUInt16BigEndian(frame[(EthernetBytes - 2)..]) == Tag;

    /// <summary>True if the MTU has changed since the ring was opened.</summary>
    internal bool IsOutdated => Mtu is { } now && now != _mtuBytes;

    private int? Mtu =>
        LinkSettings.Mtu(_socket.Value, InterfaceIndex) is { } bytes ? Math.Min(bytes, LargestMtu) : null;

    /// <summary>Queues a frame, to be sent by the next <see cref="Flush"/> or before. When no entry becomes free within
    /// some milliseconds (at most five waits between two flushes), the frame is lost.</summary>
    /// <param name="frame">The frame, starting with the Ethernet header; it is copied.</param>
    public void Add(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetBytes || !Fits(frame))
        {
            CountLost(Libc.EMSGSIZE);
            return;
        }
        if (!HasFreeEntry)
            Send();
        // The kernel thread that frees entries (ksoftirqd, see adr/0042) may need this CPU, so this thread sleeps. Only
        // a few times per batch: a blocked device must not delay frames for others.
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

    /// <summary>Sends the queued frames. A frame that cannot be sent is lost and counted; the remaining frames are
    /// still sent.</summary>
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
            var error = Libc.sendto(_socket.Value, null, 0, Libc.MSG_DONTWAIT, null, 0) < 0
                ? Marshal.GetLastPInvokeError()
                : Libc.ENOBUFS;
            SkipTaken();
            if (_waiting == 0)
                return;
            var rejected = FirstWaiting;
            if (Length(rejected) == 0)
            {
                Withdraw();
                return;
            }
            // The kernel would retry this frame forever. It skips an entry without any bytes.
            Length(rejected) = 0;
            CountLost(error);
        }
    }

    /// <summary>Counts and skips the entries that the kernel has taken, whether the device still holds them or
    /// not.</summary>
    private void SkipTaken()
    {
        for (; _waiting > 0 && Status(FirstWaiting) != SendRequest; _waiting--)
        {
            if (Length(FirstWaiting) != 0)
                Sent++;
        }
    }

    /// <summary>No frame can be sent: the interface is down or gone. Reclaims all waiting entries; the kernel's
    /// position is at the first of them.</summary>
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

    /// <param name="number">Index of the entry; negative values count from the end of the ring.</param>
    private byte* EntryAt(int number) =>
        _memory.Address + (nint)(number < 0 ? number + _entries : number) * _entryBytes;

    private static uint Status(byte* entry) => Volatile.Read(ref *(uint*)entry);

    private static ref int Length(byte* entry) => ref *(int*)(entry + LengthAt);

    private MappedMemory Prepare()
    {
        _socket.SetEntryLayout();
        _socket.Set(QdiscBypass, 1, "PACKET_QDISC_BYPASS");
        // Without this option, the kernel would stop at a frame that it cannot send.
        _socket.Set(Loss, 1, "PACKET_LOSS");
        // The ring, not this limit, bounds the memory that devices hold.
        _socket.SetSendBuffer(2 * RingBytes);
        return _socket.MapRing(Ring, "PACKET_TX_RING", blocks: 1, RingBytes, _entryBytes);
    }
}
