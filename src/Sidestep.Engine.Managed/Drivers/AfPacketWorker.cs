using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.Running;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Takes frames from the packet sockets of several interfaces, changes them where they lie, and sends them from there.</summary>
internal sealed class AfPacketWorker : Worker
{
    private const int Burst = FrameBatch.Most;

    /// <summary>For parts of joined packets: the longest that an interface sends, and room around it.</summary>
    private const int PartBytes = 16_384;

    private readonly IReadOnlyList<PacketRing> _rings;
    private readonly FrameHandler _handler;
    private readonly FrameBatch _out;
    private readonly Readiness _readiness;
    private readonly byte[] _parts = GC.AllocateUninitializedArray<byte>(FrameBatch.Most * PartBytes, pinned: true);
    private int _partsUsed;
    private long _malformed;

    /// <param name="number">Of the worker.</param>
    /// <param name="cpu">Where it runs.</param>
    /// <param name="rings">Its own; owned from now on.</param>
    /// <param name="handler">Its own.</param>
    /// <param name="log">Gets the first problem.</param>
    internal AfPacketWorker(int number, int cpu, IReadOnlyList<PacketRing> rings, FrameHandler handler, Action<string> log)
        : base($"af-packet {number}", cpu, log)
    {
        (_rings, _handler) = (rings, handler);
        _readiness = new Readiness(rings);
        _out = FrameBatch.Open([.. rings.Select(static r => r.InterfaceIndex)]);
    }

    /// <inheritdoc/>
    internal override WorkerFigures Figures => new(_handler.Frames, _out.Sent, _rings.Sum(static r => r.Lost) + _malformed, _out.Lost, AllocatedBytes);

    /// <inheritdoc/>
    protected override bool Poll()
    {
        var any = false;
        for (var i = 0; i < _rings.Count; i++)
            any |= Receive(_rings[i]);
        return any;
    }

    /// <inheritdoc/>
    protected override void Wait(int milliseconds)
    {
        if (_readiness.Wait(milliseconds))
            return;
        for (var i = 0; i < _rings.Count; i++)
            _rings[i].Refresh();
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        foreach (var ring in _rings)
            ring.Dispose();
        _out.Dispose();
    }

    private bool Receive(PacketRing ring)
    {
        var taken = 0;
        while (taken < Burst && ring.TryNext(out var received))
        {
            if (taken++ == 0)
                _handler.BeginBatch();
            if (received.Offload.Kind != SegmentKind.None)
                Cut(ring.InterfaceIndex, received);
            else
                Whole(ring.InterfaceIndex, received);
            if (received.IsLong)
                Flush();
        }
        if (taken == 0)
            return false;
        Flush();
        ring.Release();
        return true;
    }

    private void Whole(int interfaceIndex, RingFrame received)
    {
        var frame = new Frame(received.Room, received.Start, received.Length);
        var lacks = received.Offload;
        if (lacks.NeedsChecksum && !Segmentation.TryComplete(frame.Bytes, lacks.ChecksumStart, lacks.ChecksumOffset))
            _malformed++;
        else
            Decide(ref frame, interfaceIndex);
    }

    /// <summary>What the kernel or a device joined, or a sender on this machine has not cut yet.</summary>
    private void Cut(int interfaceIndex, RingFrame received)
    {
        var whole = received.Room.Slice(received.Start, received.Length);
        if (!Segmentation.TryBegin(whole, received.Offload.SegmentBytes, out var parts))
        {
            _malformed++;
            return;
        }
        while (true)
        {
            if (_partsUsed == FrameBatch.Most)
                Flush();
            var room = _parts.AsSpan(_partsUsed * PartBytes, PartBytes);
            var length = parts.WriteNext(room[Frame.Headroom..^Frame.Tailroom]);
            if (length == 0)
                return;
            _partsUsed++;
            var frame = new Frame(room, Frame.Headroom, length);
            Decide(ref frame, interfaceIndex);
        }
    }

    private void Decide(ref Frame frame, int interfaceIndex)
    {
        if (!_handler.Handle(ref frame, interfaceIndex))
            return;
        if (_out.IsFull)
            Flush();
        _out.Add(_handler.Egress, frame.Bytes);
    }

    private void Flush()
    {
        _out.Flush();
        _partsUsed = 0;
    }
}
