using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A socket that receives the frames of one queue from XDP and sends through that queue (AF_XDP,
/// linux/if_xdp.h): four rings, and memory that sockets of other queues and interfaces may share. One thread at a
/// time.</summary>
public sealed unsafe class XdpSocket : IDisposable
{
    /// <summary>Entries of the receive and fill rings: frames that can wait until they are read.</summary>
    public const int ReceiveRingSize = 8192;

    /// <summary>Entries of the transmit and completion rings.</summary>
    public const int SendRingSize = 2048;

    /// <summary>Frames that a socket can hold at the same time.</summary>
    public const int MaxFrames = ReceiveRingSize + SendRingSize;

    /// <summary>Headroom of each frame in bytes, in addition to the 256 that XDP reserves.</summary>
    public const int Headroom = 64;

    private const int MmapOffsets = 1, ReceiveRing = 2, TransmitRing = 3, RegisterMemory = 4, FillRing = 5;
    private const int CompletionRing = 6, StatisticsOption = 7, OptionsOption = 8;
    private const long ReceiveOffset = 0, TransmitOffset = 0x8000_0000, FillOffset = 0x1_0000_0000;
    private const long CompletionOffset = 0x1_8000_0000;
    private const ushort SharedMemory = 1, Copy = 2, UseNeedWakeup = 8;
    private const uint ZeroCopy = 1;
    private const int MaxWakeups = 4;
    private const int Attempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly FileDescriptor _descriptor;
    private readonly List<MappedMemory> _maps;

    /// <summary>Chunks in the fill and receive rings: free for the kernel, or with a received frame.</summary>
    private int _receiving;

    [StructLayout(LayoutKind.Sequential)]
    private struct RingOffset
    {
        internal ulong Producer, Consumer, Items, Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Offsets
    {
        internal RingOffset Receive, Transmit, Fill, Completion;
    }

    /// <summary>The kernel's <c>struct xdp_umem_reg</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Registration
    {
        internal ulong Address, Length;
        internal uint ChunkBytes, Headroom, Flags, MetadataBytes;
    }

    /// <summary>The kernel's <c>struct sockaddr_xdp</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Address
    {
        internal ushort Family, Flags;
        internal uint Interface, Queue, SharedDescriptor;
    }

    private XdpSocket(FileDescriptor descriptor, List<MappedMemory> maps, Umem memory, int interfaceIndex, int queue,
        XdpSocket? sharing, bool copies)
    {
        (_descriptor, _maps) = (descriptor, maps);
        Memory = memory;
        InterfaceIndex = interfaceIndex;
        if (sharing is null)
        {
            var registration = new Registration
            {
                Address = (ulong)memory.Address,
                Length = (ulong)memory.Length,
                ChunkBytes = Umem.ChunkBytes,
                Headroom = Headroom,
            };
            Set(RegisterMemory, &registration, sizeof(Registration), "XDP_UMEM_REG");
        }
        foreach (var (option, capacity, name) in ((int, uint, string)[])
            [
                (FillRing, ReceiveRingSize, "XDP_UMEM_FILL_RING"), (ReceiveRing, ReceiveRingSize, "XDP_RX_RING"),
                (CompletionRing, SendRingSize, "XDP_UMEM_COMPLETION_RING"), (TransmitRing, SendRingSize, "XDP_TX_RING"),
            ])
        {
            Set(option, &capacity, sizeof(uint), name);
        }
        Offsets offsets;
        var length = (uint)sizeof(Offsets);
        if (Libc.getsockopt(descriptor.Value, Libc.SOL_XDP, MmapOffsets, &offsets, &length) != 0
            || length != sizeof(Offsets))
            throw NativeException.OfLastError("getsockopt XDP_MMAP_OFFSETS");
        Fill = Producer<ulong>(offsets.Fill, FillOffset, ReceiveRingSize);
        Completion = Consumer<ulong>(offsets.Completion, CompletionOffset, SendRingSize);
        Receive = Consumer<XdpDescriptor>(offsets.Receive, ReceiveOffset, ReceiveRingSize);
        Transmit = Producer<XdpDescriptor>(offsets.Transmit, TransmitOffset, SendRingSize);
        var address = new Address
        {
            Family = Libc.AF_XDP,
            // For shared memory, the kernel takes the other flags from the first socket.
            Flags = sharing is not null ? SharedMemory : copies ? (ushort)(UseNeedWakeup | Copy) : UseNeedWakeup,
            Interface = (uint)interfaceIndex,
            Queue = (uint)queue,
            SharedDescriptor = sharing is null ? 0 : (uint)sharing._descriptor.Value,
        };
        // Before bind: a zero-copy device takes the available chunks when it is bound, and looks again only at a time
        // of its own choice (virtio_net after half a second).
        Refill();
        // The kernel releases a queue some time after its previous socket was closed (xp_release_deferred).
        for (var attempt = 1; Libc.bind(descriptor.Value, &address, (uint)sizeof(Address)) != 0; attempt++)
        {
            var failure = NativeException.OfLastError($"bind AF_XDP to queue {queue} of interface {interfaceIndex}");
            if (!failure.IsBusy || attempt == Attempts)
                throw failure;
            Thread.Sleep(Pause);
        }
        uint options = 0, bytes = sizeof(uint);
        IsZeroCopy = Libc.getsockopt(descriptor.Value, Libc.SOL_XDP, OptionsOption, &options, &bytes) == 0
            && (options & ZeroCopy) != 0;
    }

    /// <summary>The kernel's index of the interface.</summary>
    public int InterfaceIndex { get; }

    /// <summary>True if the device itself reads and writes the memory (zero copy); false if the kernel copies every
    /// frame.</summary>
    public bool IsZeroCopy { get; }

    /// <summary>The memory that holds received and sent frames; sockets of one worker may share it.</summary>
    public Umem Memory { get; }

    /// <summary>Free chunks for the kernel.</summary>
    private RingProducer<ulong> Fill { get; }

    /// <summary>Chunks of frames that were sent.</summary>
    private RingConsumer<ulong> Completion { get; }

    /// <summary>Received frames; returned to the kernel by <see cref="Release"/>.</summary>
    public RingConsumer<XdpDescriptor> Receive { get; }

    /// <summary>Frames to send; the chunk of a frame is free again after the kernel has completed it.</summary>
    public RingProducer<XdpDescriptor> Transmit { get; }

    /// <summary>Received frames that were lost because no chunk or ring entry was free.</summary>
    public long Lost
    {
        get
        {
            // dropped, invalid received, invalid sent, receive ring full, fill ring empty, transmit ring empty
            var values = stackalloc ulong[6];
            uint length = 6 * sizeof(ulong);
            return Libc.getsockopt(_descriptor.Value, Libc.SOL_XDP, StatisticsOption, values, &length) == 0
                ? (long)(values[0] + values[3])
                : 0;
        }
    }

    internal int Descriptor => _descriptor.Value;

    /// <summary>Opens a socket for one queue.</summary>
    /// <param name="memory">Memory for its frames; must outlive the socket.</param>
    /// <param name="interfaceIndex">Index of the interface.</param>
    /// <param name="queue">Number of the queue, from 0.</param>
    /// <param name="sharing">A socket that uses the same memory; null for the first.</param>
    /// <param name="copies">True: the kernel copies frames even if the device supports zero copy. Sockets that share
    /// memory follow the first.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing. EBUSY: the queue has another socket, and still
    /// had after a second. EOPNOTSUPP, EAFNOSUPPORT: the kernel does not support it, or the first sharing socket uses
    /// zero copy and this device cannot.</exception>
    public static XdpSocket Open(Umem memory, int interfaceIndex, int queue, XdpSocket? sharing, bool copies = false)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var descriptor = Libc.socket(Libc.AF_XDP, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_XDP");
        var owned = new FileDescriptor(descriptor);
        var maps = new List<MappedMemory>();
        try
        {
            return new XdpSocket(owned, maps, memory, interfaceIndex, queue, sharing, copies);
        }
        catch
        {
            Close(owned, maps);
            throw;
        }
    }

    /// <summary>Registers this socket as the target of a queue in the map of an XDP program.</summary>
    /// <param name="sockets">The program's map from queue to socket.</param>
    /// <param name="queue">Number of the queue.</param>
    public void Register(BpfMap sockets, int queue)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        sockets.Update(queue, _descriptor.Value);
    }

    /// <summary>Wakes the kernel if it sleeps, to send what was published. Each call sends a few dozen
    /// frames.</summary>
    public void WakeTransmit()
    {
        // The flag must be read after the published entries are visible, or the kernel may go to sleep in between.
        Interlocked.MemoryBarrier();
        for (var i = 0; i < MaxWakeups && !Transmit.IsDrained && Transmit.NeedsWakeup; i++)
            // busy or down: the next frames try again
            _ = Libc.sendto(_descriptor.Value, null, 0, Libc.MSG_DONTWAIT, null, 0);
    }

    /// <summary>Returns entries of <see cref="Receive"/> to the kernel; the caller now owns the chunks of their
    /// frames.</summary>
    /// <param name="taken">Number of frames that were taken.</param>
    public void Release(int taken)
    {
        Receive.Release();
        _receiving -= taken;
    }

    /// <summary>Returns the chunks of all sent frames, possibly of several sockets, to the free ones. Entries that stay
    /// in the completion ring would block the next frames.</summary>
    /// <returns>False when there were none.</returns>
    public bool ReclaimSent()
    {
        var any = false;
        while (Completion.TryTake(out var address))
        {
            Memory.Return(address);
            any = true;
        }
        if (any)
            Completion.Release();
        return any;
    }

    /// <summary>Provides free chunks for as many frames as the receive ring has entries, and no more: a device may hold
    /// thousands in its own ring, and the remaining memory is for frames to send.</summary>
    public void Refill()
    {
        for (; _receiving < ReceiveRingSize && Memory.TryTake(out var chunk); _receiving++)
            _ = Fill.TryAdd(chunk); // the fill ring has that many entries
        // Wakes a driver that sleeps.
        if (Fill.Publish() && Fill.NeedsWakeup)
            _ = Libc.recvfrom(_descriptor.Value, null, 0, Libc.MSG_DONTWAIT, null, null);
    }

    /// <inheritdoc/>
    public void Dispose() => Close(_descriptor, _maps);

    /// <summary>Closes the socket. Rings that are still mapped would keep it open.</summary>
    private static void Close(FileDescriptor descriptor, List<MappedMemory> maps)
    {
        foreach (var map in maps)
            map.Dispose();
        descriptor.Dispose();
    }

    private RingProducer<T> Producer<T>(RingOffset offset, long at, int capacity) where T : unmanaged
    {
        var memory = Map<T>(offset, at, capacity);
        return new RingProducer<T>((uint*)(memory + offset.Producer), (uint*)(memory + offset.Consumer),
            (uint*)(memory + offset.Flags), (T*)(memory + offset.Items), (uint)capacity);
    }

    private RingConsumer<T> Consumer<T>(RingOffset offset, long at, int capacity) where T : unmanaged
    {
        var memory = Map<T>(offset, at, capacity);
        return new RingConsumer<T>((uint*)(memory + offset.Producer), (uint*)(memory + offset.Consumer),
            (T*)(memory + offset.Items), (uint)capacity);
    }

    private byte* Map<T>(RingOffset offset, long at, int capacity) where T : unmanaged
    {
        var map = MappedMemory.OfSocket(_descriptor, (long)offset.Items + capacity * sizeof(T), at);
        _maps.Add(map);
        return map.Address;
    }

    private void Set(int option, void* value, int bytes, string name)
    {
        if (Libc.setsockopt(_descriptor.Value, Libc.SOL_XDP, option, value, (uint)bytes) != 0)
            throw NativeException.OfLastError($"setsockopt {name}");
    }
}

/// <summary>Position of a frame in the memory (struct xdp_desc).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct XdpDescriptor
{
    /// <summary>Offset of its first byte from the beginning of the memory.</summary>
    public ulong Address { get; init; }

    /// <summary>Length of the frame in bytes, from the Ethernet header on.</summary>
    public uint Length { get; init; }

    /// <summary>Flags of the kernel (XDP_PKT_CONTD, XDP_TX_METADATA); 0: the frame is in one chunk, without
    /// metadata.</summary>
    public uint Options { get; init; }
}
