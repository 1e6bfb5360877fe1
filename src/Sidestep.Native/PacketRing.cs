using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Copies of the frames that arrive at one interface, in a ring that the kernel fills (AF_PACKET, TPACKET_V2). Each has room
/// before and behind it, and may be changed in its place until it is given back.</summary>
/// <remarks>TPACKET_V3 collects frames into blocks and hands over one that is not full after a millisecond at the earliest: each
/// packet of a quiet connection would be late by that. One thread at a time.</remarks>
public sealed unsafe class PacketRing : IDisposable
{
    /// <summary>Bytes before a frame that may be overwritten.</summary>
    public const int Headroom = 64;

    /// <summary>Bytes behind a frame that may be overwritten.</summary>
    public const int Tailroom = 64;

    /// <summary>The longest frame that is handed over, in bytes: what the kernel joins from many.</summary>
    private const int LongestFrame = 65_536 + 64;

    // linux/if_packet.h
    private const int ReceiveRing = 5, Statistics = 6, CopyThreshold = 7, Reserve = 12, Fanout = 18, IgnoreOutgoing = 23;
    private const uint StatusUser = 1, StatusCopy = 2, StatusVlan = 1 << 4, StatusVlanType = 1 << 6;
    private const int AddressAt = 32, OutgoingType = 4, HeadersBefore = 128, TagBytes = 4, MacBytes = 12;
    private const int FanoutIgnoreOutgoing = 0x4000, FanoutUnique = 0x2000;
    private const ushort AllProtocols = 3, ServiceTag = 0x8100;
    private const int RingBytes = 8 << 20, BlockBytes = 1 << 20, Ahead = 3;

    private readonly PacketSocket _socket;
    private readonly int _frameBytes, _frames;
    private readonly byte[] _long = GC.AllocateUninitializedArray<byte>(Headroom + TagBytes + FrameOffload.Bytes + LongestFrame + Tailroom, pinned: true);
    private readonly MappedMemory _memory;
    private int _next, _released;

    /// <summary>Where in its place the last frame began: so do nearly all.</summary>
    private int _frameAt;

    private PacketRing(PacketSocket socket, int interfaceIndex, int frameBytes)
    {
        _socket = socket;
        InterfaceIndex = interfaceIndex;
        _frameBytes = frameBytes;
        _frames = RingBytes / frameBytes;
        _memory = Prepare();
        // Last: nothing comes before everything is in place.
        socket.Bind(interfaceIndex, AllProtocols);
    }

    /// <summary>The kernel's index of the interface.</summary>
    public int InterfaceIndex { get; }

    /// <summary>Frames that the ring had no room for, and those that were left out because they were damaged.</summary>
    public long Lost { get; private set; }

    internal int Descriptor => _socket.Value;

    /// <summary>Begins to receive.</summary>
    /// <param name="interfaceIndex">Which interface.</param>
    /// <param name="mtuBytes">Its MTU: frames up to that size get a place in the ring, longer ones a longer way.</param>
    /// <exception cref="NativeException">EPERM: CAP_NET_RAW is missing.</exception>
    public static PacketRing Open(int interfaceIndex, int mtuBytes)
    {
        const int Overhead = 384;
        var frameBytes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(mtuBytes + Overhead, 2048, 1 << 17));
        return PacketSocket.Open(s => new PacketRing(s, interfaceIndex, frameBytes));
    }

    /// <summary>Shares the frames of an interface with other rings: those of one flow all come to the same.</summary>
    /// <param name="fanoutGroup">Null: founds a group.</param>
    /// <returns>The group, for the others.</returns>
    public int Join(int? fanoutGroup)
    {
        var value = (fanoutGroup ?? 0) | (FanoutIgnoreOutgoing | (fanoutGroup is null ? FanoutUnique : 0)) << 16;
        if (Libc.setsockopt(Descriptor, Libc.SOL_PACKET, Fanout, &value, sizeof(int)) != 0)
        {
            // Kernels that do not know the flag: then what goes out is told by its type.
            value &= ~(FanoutIgnoreOutgoing << 16);
            if (Libc.setsockopt(Descriptor, Libc.SOL_PACKET, Fanout, &value, sizeof(int)) != 0)
                throw NativeException.OfLastError("setsockopt PACKET_FANOUT");
        }
        // What came before is the group's already: it would be forwarded twice.
        while (fanoutGroup is not null && TryNext(out _))
        {
        }
        Release();
        uint length = sizeof(int);
        if (Libc.getsockopt(Descriptor, Libc.SOL_PACKET, Fanout, &value, &length) != 0)
            throw NativeException.OfLastError("getsockopt PACKET_FANOUT");
        return value & 0xffff;
    }

    /// <summary>The next frame, which stays until <see cref="Release"/>; one that is long, until the next call.</summary>
    /// <returns>False: none waits.</returns>
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
            if (((Libc.LinkAddress*)(header + AddressAt))->sll_pkttype != OutgoingType && TryRead(header, status, out frame))
                return true;
        }
    }

    /// <summary>Gives all frames that were taken back to the kernel.</summary>
    public void Release()
    {
        while (_released != _next)
        {
            Volatile.Write(ref *(uint*)EntryAt(_released), 0);
            if (++_released == _frames)
                _released = 0;
        }
    }

    /// <summary>Asks the kernel what it lost, and takes away the error that an interface leaves that goes down.</summary>
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

    /// <summary>The kernel has written the frames on another CPU, whose cache they have to come from: they do while others are handled.</summary>
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
        // struct tpacket2_hdr: status, length, captured length, offsets of link and network header, seconds, nanoseconds, VLAN tag
        int length = *(int*)(header + 4), captured = *(int*)(header + 8);
        _frameAt = *(ushort*)(header + 12);
        var mac = header + _frameAt;
        var offload = FrameOffload.Read(new ReadOnlySpan<byte>(mac - FrameOffload.Bytes, FrameOffload.Bytes));
        Span<byte> buffer;
        var isLong = captured != length;
        if (!isLong)
        {
            var spareBytes = (int)(header + _frameBytes - mac) - length;
            buffer = new Span<byte>(mac - TagBytes - Headroom, TagBytes + Headroom + length + Math.Min(spareBytes, Tailroom));
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
            // The device took the tag out: it goes back to where the wire had it.
            buffer.Slice(start, MacBytes).CopyTo(buffer[(start - TagBytes)..]);
            start -= TagBytes;
            length += TagBytes;
            BinaryPrimitives.WriteUInt16BigEndian(buffer[(start + MacBytes)..], (status & StatusVlanType) != 0 ? *(ushort*)(header + 26) : ServiceTag);
            BinaryPrimitives.WriteUInt16BigEndian(buffer[(start + MacBytes + 2)..], *(ushort*)(header + 24));
            offload = offload with { ChecksumStart = offload.ChecksumStart + TagBytes };
        }
        frame = new RingFrame(buffer, start, length, offload, isLong);
        return true;
    }

    /// <summary>A frame that no place has room for waits as a whole behind the ring.</summary>
    private bool TryReadLong(out int length, out FrameOffload offload)
    {
        fixed (byte* to = &_long[Headroom + TagBytes])
        {
            // What the device left to do stands in front of the frame; there is room for it in front of the headroom.
            var read = Libc.recv(Descriptor, to, (nuint)(_long.Length - Headroom - TagBytes - Tailroom), Libc.MSG_DONTWAIT);
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
        // An older kernel does not know it: then what goes out is told by its type.
        var one = 1;
        _ = Libc.setsockopt(Descriptor, Libc.SOL_PACKET, IgnoreOutgoing, &one, sizeof(int));
        return _socket.MapRing(ReceiveRing, "PACKET_RX_RING", RingBytes / BlockBytes, BlockBytes, _frameBytes);
    }
}

/// <summary>A frame of a ring, with room around it.</summary>
/// <param name="buffer">The memory.</param>
/// <param name="start">Where the Ethernet header begins.</param>
/// <param name="length">Bytes of the frame.</param>
/// <param name="offload">What it lacks.</param>
/// <param name="isLong">It lies where the next long one will lie.</param>
public readonly ref struct RingFrame(Span<byte> buffer, int start, int length, FrameOffload offload, bool isLong)
{
    /// <summary>The memory.</summary>
    public Span<byte> Buffer { get; } = buffer;

    /// <summary>Where the Ethernet header begins.</summary>
    public int Start { get; } = start;

    /// <summary>Bytes of the frame.</summary>
    public int Length { get; } = length;

    /// <summary>What it lacks.</summary>
    public FrameOffload Offload { get; } = offload;

    /// <summary>It lies where the next long one will lie.</summary>
    public bool IsLong { get; } = isLong;
}
