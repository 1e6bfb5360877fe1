using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Receives copies of the frames that arrive at one interface, in a ring that the kernel fills (AF_PACKET,
/// TPACKET_V2). A frame may be changed in place, has free bytes before and after it, and stays until it is
/// released.</summary>
/// <remarks>TPACKET_V3 would collect frames in blocks and release a block that is not full after a millisecond at the
/// earliest: each packet of a quiet connection would be that late. One thread at a time.</remarks>
public sealed unsafe class PacketRing : IDisposable
{
    /// <summary>Bytes before a frame that may be overwritten.</summary>
    public const int Headroom = 64;

    /// <summary>Bytes after a frame that may be overwritten.</summary>
    public const int Tailroom = 64;

    /// <summary>The longest frame that the ring returns, in bytes: an aggregate of the kernel.</summary>
    private const int LongestFrame = 65_536 + 64;

    // linux/if_packet.h
    private const int ReceiveRing = 5, Statistics = 6, CopyThreshold = 7, Reserve = 12, Fanout = 18;
    private const int IgnoreOutgoing = 23;
    private const uint StatusUser = 1, StatusCopy = 2, StatusVlan = 1 << 4, StatusVlanType = 1 << 6;
    private const int AddressAt = 32, OutgoingType = 4, HeadersBefore = 128, TagBytes = 4, MacBytes = 12;
    private const int FanoutIgnoreOutgoing = 0x4000, FanoutUnique = 0x2000;
    private const ushort AllProtocols = 3, ServiceTag = 0x8100;
    private const int RingBytes = 8 << 20, BlockBytes = 1 << 20, Ahead = 3;

    private readonly PacketSocket _socket;
    private readonly int _frameBytes, _frames;
    private readonly byte[] _long = GC.AllocateUninitializedArray<byte>(
        Headroom + TagBytes + FrameOffload.Bytes + LongestFrame + Tailroom, pinned: true);
    private readonly MappedMemory _memory;
    private int _next, _released;

    /// <summary>Offset of the last frame in its ring entry; the same for nearly all frames.</summary>
    private int _frameAt;

    private PacketRing(PacketSocket socket, int interfaceIndex, int frameBytes)
    {
        _socket = socket;
        InterfaceIndex = interfaceIndex;
        _frameBytes = frameBytes;
        _frames = RingBytes / frameBytes;
        _memory = Prepare();
        // Last, so that no frame arrives before everything is in place.
        socket.Bind(interfaceIndex, AllProtocols);
    }

    /// <summary>The kernel's index of the interface.</summary>
    public int InterfaceIndex { get; }

    /// <summary>Frames that were lost: the ring was full, or the frame was damaged.</summary>
    public long Lost { get; private set; }

    /// <summary>True while the ring receives from its interface. False after the interface was deleted or left this
    /// network namespace, even if another one has its index now.</summary>
    public bool IsAttached => _socket.IsBoundTo(InterfaceIndex);

    internal int Descriptor => _socket.Value;

    /// <summary>Opens a ring and starts to receive.</summary>
    /// <param name="interfaceIndex">Index of the interface.</param>
    /// <param name="mtuBytes">MTU of the interface. Frames up to that size fit a ring entry; longer ones take a slower
    /// path.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static PacketRing Open(int interfaceIndex, int mtuBytes)
    {
        const int Overhead = 384;
        var frameBytes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(mtuBytes + Overhead, 2048, 1 << 17));
        return PacketSocket.Open(s => new PacketRing(s, interfaceIndex, frameBytes));
    }

    /// <summary>Shares the frames of an interface among several rings (PACKET_FANOUT); all frames of a flow go to the
    /// same ring.</summary>
    /// <param name="fanoutGroup">Id of the group to join; null creates a group.</param>
    /// <returns>Id of the group, for the other rings.</returns>
    public int Join(int? fanoutGroup)
    {
        var value = (fanoutGroup ?? 0) | (FanoutIgnoreOutgoing | (fanoutGroup is null ? FanoutUnique : 0)) << 16;
        if (Libc.setsockopt(Descriptor, Libc.SOL_PACKET, Fanout, &value, sizeof(int)) != 0)
        {
            // Older kernels do not know the flag: then TryNext skips outgoing frames by their type.
            value &= ~(FanoutIgnoreOutgoing << 16);
            if (Libc.setsockopt(Descriptor, Libc.SOL_PACKET, Fanout, &value, sizeof(int)) != 0)
                throw NativeException.OfLastError("setsockopt PACKET_FANOUT");
        }
        // Frames that arrived before the join also reach other rings of the group: forwarding them would duplicate
        // them.
        while (fanoutGroup is not null && TryNext(out _))
        {
        }
        Release();
        uint length = sizeof(int);
        if (Libc.getsockopt(Descriptor, Libc.SOL_PACKET, Fanout, &value, &length) != 0)
            throw NativeException.OfLastError("getsockopt PACKET_FANOUT");
        return value & 0xffff;
    }

    /// <summary>Returns the next frame. It stays valid until <see cref="Release"/>; a long frame only until the next
    /// call.</summary>
    /// <returns>False when no frame is waiting.</returns>
    public bool TryNext(out RingFrame frame)
    {
        while (true)
        {
            var header = EntryAt(_next);
            var status = Volatile.Read(ref *(uint*)header);
            if ((status & StatusUser) == 0)
            {
                frame = default;
                return false;
            }
            if (++_next == _frames)
                _next = 0;
            FetchAhead();
            if (((Libc.LinkAddress*)(header + AddressAt))->sll_pkttype != OutgoingType
                && TryRead(header, status, out frame))
                return true;
        }
    }

    /// <summary>Returns all frames that were read to the kernel.</summary>
    public void Release()
    {
        while (_released != _next)
        {
            Volatile.Write(ref *(uint*)EntryAt(_released), 0);
            if (++_released == _frames)
                _released = 0;
        }
    }

    /// <summary>Reads the kernel's count of lost frames, and clears the error that an interface causes by going
    /// down.</summary>
    public void Refresh()
    {
        var values = stackalloc uint[3];
        uint length = 2 * sizeof(uint);
        if (Libc.getsockopt(Descriptor, Libc.SOL_PACKET, Statistics, values, &length) == 0)
            Lost += values[1];
        length = sizeof(uint);
        _ = Libc.getsockopt(Descriptor, Libc.SOL_SOCKET, Libc.SO_ERROR, values, &length);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private byte* EntryAt(int number) => _memory.Address + (long)number * _frameBytes;

    /// <summary>Prefetches a later frame: the kernel wrote it on another CPU, and it moves to this CPU's cache while
    /// others are processed.</summary>
    private void FetchAhead()
    {
        if (!Sse.IsSupported)
            return;
        var ahead = _next + Ahead;
        var entry = EntryAt(ahead < _frames ? ahead : ahead - _frames);
        Sse.Prefetch0(entry);
        Sse.Prefetch0(entry + _frameAt);
    }

    private bool TryRead(byte* header, uint status, out RingFrame frame)
    {
        // struct tpacket2_hdr: status, length, captured length, offsets of link and network header, seconds,
        // nanoseconds, VLAN tag
        int length = *(int*)(header + 4), captured = *(int*)(header + 8);
        _frameAt = *(ushort*)(header + 12);
        var mac = header + _frameAt;
        var offload = FrameOffload.Read(new ReadOnlySpan<byte>(mac - FrameOffload.Bytes, FrameOffload.Bytes));
        Span<byte> buffer;
        var isLong = captured != length;
        if (!isLong)
        {
            var spareBytes = (int)(header + _frameBytes - mac) - length;
            buffer = new Span<byte>(
                mac - TagBytes - Headroom, TagBytes + Headroom + length + Math.Min(spareBytes, Tailroom));
        }
        else if ((status & StatusCopy) == 0 || !TryReadLong(out length, out offload))
        {
            Lost++;
            frame = default;
            return false;
        }
        else
        {
            buffer = _long.AsSpan(FrameOffload.Bytes, TagBytes + Headroom + length + Tailroom);
        }
        var start = Headroom + TagBytes;
        if ((status & StatusVlan) != 0 && length >= MacBytes)
        {
            // The device removed the tag: it is put back to where it was on the wire.
            buffer.Slice(start, MacBytes).CopyTo(buffer[(start - TagBytes)..]);
            start -= TagBytes;
            length += TagBytes;
            BinaryPrimitives.WriteUInt16BigEndian(
                buffer[(start + MacBytes)..], (status & StatusVlanType) != 0 ? *(ushort*)(header + 26) : ServiceTag);
            BinaryPrimitives.WriteUInt16BigEndian(buffer[(start + MacBytes + 2)..], *(ushort*)(header + 24));
            offload = offload with { ChecksumStart = offload.ChecksumStart + TagBytes };
        }
        frame = new RingFrame(buffer, start, length, offload);
        return true;
    }

    /// <summary>Reads a frame that is longer than an entry: it waits as a whole in the socket's queue.</summary>
    private bool TryReadLong(out int length, out FrameOffload offload)
    {
        fixed (byte* to = &_long[Headroom + TagBytes])
        {
            // The offload header precedes the frame; there is space for it in front of the headroom.
            var read = Libc.recv(
                Descriptor, to, (nuint)(_long.Length - Headroom - TagBytes - Tailroom), Libc.MSG_DONTWAIT);
            length = (int)read - FrameOffload.Bytes;
            offload = length > 0 ? FrameOffload.Read(new ReadOnlySpan<byte>(to, FrameOffload.Bytes)) : default;
            return length > 0;
        }
    }

    private MappedMemory Prepare()
    {
        _socket.SetEntryLayout();
        _socket.Set(Reserve, HeadersBefore, "PACKET_RESERVE");
        _socket.Set(CopyThreshold, 1, "PACKET_COPY_THRESH");
        _socket.SetReceiveBuffer(RingBytes);
        // Older kernels do not know the option: then TryNext skips outgoing frames by their type.
        var one = 1;
        _ = Libc.setsockopt(Descriptor, Libc.SOL_PACKET, IgnoreOutgoing, &one, sizeof(int));
        return _socket.MapRing(ReceiveRing, "PACKET_RX_RING", RingBytes / BlockBytes, BlockBytes, _frameBytes);
    }
}

/// <summary>A frame of a ring, with free bytes around it.</summary>
/// <param name="buffer">The frame and the free bytes around it.</param>
/// <param name="start">Offset of the Ethernet header in the buffer.</param>
/// <param name="length">Length of the frame in bytes.</param>
/// <param name="offload">Work that a device was expected to do.</param>
public readonly ref struct RingFrame(Span<byte> buffer, int start, int length, FrameOffload offload)
{
    /// <summary>The frame and the free bytes around it.</summary>
    public Span<byte> Buffer { get; } = buffer;

    /// <summary>Offset of the Ethernet header in the buffer.</summary>
    public int Start { get; } = start;

    /// <summary>Length of the frame in bytes.</summary>
    public int Length { get; } = length;

    /// <summary>Work that a device was expected to do.</summary>
    public FrameOffload Offload { get; } = offload;
}
