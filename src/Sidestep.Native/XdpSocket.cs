using System.Runtime.InteropServices;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>A socket that XDP hands the frames of one queue to, and that sends by it (AF_XDP, linux/if_xdp.h): four rings, and memory
/// that it may share with sockets of other queues and interfaces. One thread at a time.</summary>
public sealed unsafe class XdpSocket : IDisposable
{
    /// <summary>Places of the rings by which frames come: so many wait while nobody takes them.</summary>
    public const int ReceiveRingSize = 8192;

    /// <summary>Places of the rings by which frames go.</summary>
    public const int SendRingSize = 2048;

    /// <summary>Frames that a socket can have at the same time.</summary>
    public const int MaxFrames = ReceiveRingSize + SendRingSize;

    /// <summary>Bytes in front of each frame, beside the 256 that XDP has for itself.</summary>
    public const int Headroom = 64;

    private const int MmapOffsets = 1, ReceiveRing = 2, TransmitRing = 3, RegisterMemory = 4, FillRing = 5, CompletionRing = 6, StatisticsOption = 7, OptionsOption = 8;
    private const long ReceiveOffset = 0, TransmitOffset = 0x8000_0000, FillOffset = 0x1_0000_0000, CompletionOffset = 0x1_8000_0000;
    private const ushort SharedMemory = 1, Copy = 2, UseNeedWakeup = 8;
    private const uint ZeroCopy = 1;
    private const int MaxWakeups = 4;
    private const int Attempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly FileDescriptor _descriptor;
    private readonly List<MappedMemory> _maps;

    /// <summary>Chunks that the kernel has for frames that come, or that such frames wait in.</summary>
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

    /// <summary>struct xdp_umem_reg</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Registration
    {
        internal ulong Address, Length;
        internal uint ChunkBytes, Headroom, Flags, MetadataBytes;
    }

    /// <summary>struct sockaddr_xdp</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Address
    {
        internal ushort Family, Flags;
        internal uint Interface, Queue, SharedDescriptor;
    }

    private XdpSocket(FileDescriptor descriptor, List<MappedMemory> maps, Umem memory, int interfaceIndex, int queue, XdpSocket? sharing, bool copies)
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
        if (Libc.getsockopt(descriptor.Value, Libc.SOL_XDP, MmapOffsets, &offsets, &length) != 0 || length != sizeof(Offsets))
            throw NativeException.OfLastError("getsockopt XDP_MMAP_OFFSETS");
        Fill = Producer<ulong>(offsets.Fill, FillOffset, ReceiveRingSize);
        Completion = Consumer<ulong>(offsets.Completion, CompletionOffset, SendRingSize);
        Receive = Consumer<XdpDescriptor>(offsets.Receive, ReceiveOffset, ReceiveRingSize);
        Transmit = Producer<XdpDescriptor>(offsets.Transmit, TransmitOffset, SendRingSize);
        var address = new Address
        {
            Family = Libc.AF_XDP,
            // Of shared memory the kernel takes the other flags from the first socket.
            Flags = sharing is not null ? SharedMemory : copies ? (ushort)(UseNeedWakeup | Copy) : UseNeedWakeup,
            Interface = (uint)interfaceIndex,
            Queue = (uint)queue,
            SharedDescriptor = sharing is null ? 0 : (uint)sharing._descriptor.Value,
        };
        // Before: a device that does without copies takes what there is when it is bound, and asks again when it pleases (virtio_net after
        // half a second).
        Refill();
        // A queue is free some time after the socket that had it was closed: the kernel lets go of it later (xp_release_deferred).
        for (var attempt = 1; Libc.bind(descriptor.Value, &address, (uint)sizeof(Address)) != 0; attempt++)
        {
            var failure = NativeException.OfLastError($"bind AF_XDP to queue {queue} of interface {interfaceIndex}");
            if (!failure.IsBusy || attempt == Attempts)
                throw failure;
            Thread.Sleep(Pause);
        }
        uint options = 0, bytes = sizeof(uint);
        IsZeroCopy = Libc.getsockopt(descriptor.Value, Libc.SOL_XDP, OptionsOption, &options, &bytes) == 0 && (options & ZeroCopy) != 0;
    }

    /// <summary>The kernel's index of the interface.</summary>
    public int InterfaceIndex { get; }

    /// <summary>The device itself reads and writes the memory; otherwise the kernel copies every frame.</summary>
    public bool IsZeroCopy { get; }

    /// <summary>Where its frames lie.</summary>
    public Umem Memory { get; }

    /// <summary>Room for frames, for the kernel.</summary>
    private RingProducer<ulong> Fill { get; }

    /// <summary>Frames that have been sent.</summary>
    private RingConsumer<ulong> Completion { get; }

    /// <summary>Frames that came; given back by <see cref="Release"/>.</summary>
    public RingConsumer<XdpDescriptor> Receive { get; }

    /// <summary>Frames to be sent.</summary>
    public RingProducer<XdpDescriptor> Transmit { get; }

    /// <summary>Frames that came when there was no room.</summary>
    public long Lost
    {
        get
        {
            // dropped, invalid on receiving, invalid on sending, ring full, no room to fill, nothing to send
            var values = stackalloc ulong[6];
            uint length = 6 * sizeof(ulong);
            return Libc.getsockopt(_descriptor.Value, Libc.SOL_XDP, StatisticsOption, values, &length) == 0 ? (long)(values[0] + values[3]) : 0;
        }
    }

    internal int Descriptor => _descriptor.Value;

    /// <summary>Opens a socket for one queue.</summary>
    /// <param name="memory">For its frames; outlives it.</param>
    /// <param name="interfaceIndex">Which interface.</param>
    /// <param name="queue">Which queue, from 0 on.</param>
    /// <param name="sharing">Another socket of the same memory; null: the first.</param>
    /// <param name="copies">Has the kernel copy, also where the device could do without; those that share do as the first.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing; EBUSY: the queue has another socket, and still had after a second; EOPNOTSUPP, EAFNOSUPPORT: the kernel
    /// cannot, or the first of those that share does without copies and this device cannot.</exception>
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

    /// <summary>Has a program hand the frames of a queue to this socket.</summary>
    /// <param name="sockets">The program's map of sockets by queue.</param>
    /// <param name="queue">Which queue.</param>
    public void Register(BpfMap sockets, int queue)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        sockets.Update(queue, _descriptor.Value);
    }

    /// <summary>Has the kernel take what is to be sent, as far as it sleeps. It takes a few dozen frames a time.</summary>
    public void WakeTransmit()
    {
        // The flag is read after what was published is visible, or the kernel may go to sleep in between.
        Interlocked.MemoryBarrier();
        for (var i = 0; i < MaxWakeups && !Transmit.IsDrained && Transmit.NeedsWakeup; i++)
            _ = Libc.sendto(_descriptor.Value, null, 0, Libc.MSG_DONTWAIT, null, 0); // busy, down: tried again with the next frames
    }

    /// <summary>Gives back the room in <see cref="Receive"/> of frames that were taken; their chunks are the taker's.</summary>
    /// <param name="taken">How many.</param>
    public void Release(int taken)
    {
        Receive.Release();
        _receiving -= taken;
    }

    /// <summary>Takes back the chunks of all frames that were sent, which may be several sockets' bursts: what is left in the ring keeps
    /// the next from being sent.</summary>
    /// <returns>False: there were none.</returns>
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

    /// <summary>Gives the kernel room for as many frames as the rings by which they come have places, and no more: a device may have
    /// thousands in its own ring, and the rest of the memory is for frames that go.</summary>
    public void Refill()
    {
        for (; _receiving < ReceiveRingSize && Memory.TryTake(out var chunk); _receiving++)
            _ = Fill.TryAdd(chunk); // it has as many places
        // A driver that sleeps is told.
        if (Fill.Publish() && Fill.NeedsWakeup)
            _ = Libc.recvfrom(_descriptor.Value, null, 0, Libc.MSG_DONTWAIT, null, null);
    }

    /// <inheritdoc/>
    public void Dispose() => Close(_descriptor, _maps);

    /// <summary>Rings that are still mapped would keep the socket open.</summary>
    private static void Close(FileDescriptor descriptor, List<MappedMemory> maps)
    {
        foreach (var map in maps)
            map.Dispose();
        descriptor.Dispose();
    }

    private RingProducer<T> Producer<T>(RingOffset offset, long at, int capacity) where T : unmanaged
    {
        var memory = Map<T>(offset, at, capacity);
        return new RingProducer<T>((uint*)(memory + offset.Producer), (uint*)(memory + offset.Consumer), (uint*)(memory + offset.Flags), (T*)(memory + offset.Items), (uint)capacity);
    }

    private RingConsumer<T> Consumer<T>(RingOffset offset, long at, int capacity) where T : unmanaged
    {
        var memory = Map<T>(offset, at, capacity);
        return new RingConsumer<T>((uint*)(memory + offset.Producer), (uint*)(memory + offset.Consumer), (T*)(memory + offset.Items), (uint)capacity);
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

/// <summary>Where a frame lies in the memory (struct xdp_desc).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct XdpDescriptor
{
    /// <summary>Of its first byte, from the beginning of the memory.</summary>
    public ulong Address { get; init; }

    /// <summary>Bytes.</summary>
    public uint Length { get; init; }

    /// <summary>0.</summary>
    public uint Options { get; init; }
}
