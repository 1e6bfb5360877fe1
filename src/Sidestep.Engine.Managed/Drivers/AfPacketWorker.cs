using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Takes frames from a packet socket of one interface, changes them where they lie, and sends them by any.</summary>
internal sealed class AfPacketWorker : Worker
{
    private const int Burst = 64;

    /// <summary>For a part of a joined packet: the longest that an interface sends, and room around it.</summary>
    private const int PartBytes = 16_384;

    private readonly PacketRing _ring;
    private readonly FrameHandler _handler;
    private readonly EgressRings _egressRings;
    private readonly SocketPoller _readiness;
    private readonly byte[] _part = GC.AllocateUninitializedArray<byte>(PartBytes);
    private long _malformed;

    /// <param name="number">Of the worker.</param>
    /// <param name="cpu">Where it runs.</param>
    /// <param name="ring">Its own from now on.</param>
    /// <param name="handler">Its own.</param>
    /// <param name="log">Gets the first problem.</param>
    internal AfPacketWorker(int number, int cpu, PacketRing ring, FrameHandler handler, Action<string> log)
        : base($"af-packet {number}", cpu, log)
    {
        (_ring, _handler) = (ring, handler);
        _readiness = new SocketPoller(ring);
        _egressRings = new EgressRings(ReportOnce);
    }

    /// <inheritdoc/>
    internal override WorkerCounters Figures => new(_handler.Frames, _egressRings.Sent, _ring.Lost + _malformed, _egressRings.Lost, AllocatedBytes);

    /// <inheritdoc/>
    protected override bool Poll()
    {
        var taken = 0;
        while (taken < Burst && _ring.TryNext(out var received))
        {
            if (taken++ == 0)
                _handler.BeginBatch();
            if (received.Offload.Kind != SegmentKind.None)
                Cut(received);
            else
                Whole(received);
        }
        if (taken == 0)
            return false;
        _ring.Release();
        _egressRings.Flush();
        return true;
    }

    /// <inheritdoc/>
    protected override void Wait(int milliseconds)
    {
        if (!_readiness.Wait(milliseconds))
            _ring.Refresh();
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        _ring.Dispose();
        _egressRings.Dispose();
    }

    private void Whole(RingFrame received)
    {
        var frame = new Frame(received.Buffer, received.Start, received.Length);
        var offload = received.Offload;
        if (offload.NeedsChecksum && !Segmentation.TryComplete(frame.Bytes, offload.ChecksumStart, offload.ChecksumOffset))
            _malformed++;
        else
            Decide(ref frame);
    }

    /// <summary>What the kernel or a device joined, or a sender on this machine has not cut yet.</summary>
    private void Cut(RingFrame received)
    {
        var whole = received.Buffer.Slice(received.Start, received.Length);
        if (!Segmentation.TryBegin(whole, received.Offload.SegmentBytes, out var parts))
        {
            _malformed++;
            return;
        }
        while (parts.WriteNext(_part.AsSpan()[Frame.Headroom..^Frame.Tailroom]) is var length && length != 0)
        {
            var frame = new Frame(_part, Frame.Headroom, length);
            Decide(ref frame);
        }
    }

    private void Decide(ref Frame frame)
    {
        if (_handler.Handle(ref frame, _ring.InterfaceIndex))
            _egressRings.Add(_handler.Egress, frame.Bytes);
    }
}
