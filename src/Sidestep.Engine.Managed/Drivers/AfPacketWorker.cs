using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Receives frames from a packet socket of one interface, rewrites them in place, and sends them out of any
/// interface.</summary>
internal sealed class AfPacketWorker : Worker
{
    private const int Burst = 64;

    /// <summary>Size of the buffer for a segment of a super-packet, in bytes: the longest frame, headroom and
    /// tailroom.</summary>
    private const int PartBytes = 16_384;

    private readonly PacketRing _ring;
    private readonly FrameHandler _handler;
    private readonly EgressRings _egressRings;
    private readonly SocketPoller _readiness;
    private readonly byte[] _part = GC.AllocateUninitializedArray<byte>(PartBytes);
    private long _malformed;

    /// <param name="number">Number of the worker.</param>
    /// <param name="cpu">Number of its CPU.</param>
    /// <param name="ring">The receive ring, which the worker owns from now on.</param>
    /// <param name="handler">Its frame handler, not shared with other workers.</param>
    /// <param name="log">Receives the first problem.</param>
    internal AfPacketWorker(int number, int cpu, PacketRing ring, FrameHandler handler, Action<string> log)
        : base($"af-packet {number}", cpu, log)
    {
        (_ring, _handler) = (ring, handler);
        _readiness = new SocketPoller(ring);
        _egressRings = new EgressRings(ReportOnce);
    }

    /// <inheritdoc cref="PacketRing.IsAttached"/>
    internal bool IsAttached => _ring.IsAttached;

    /// <inheritdoc/>
    internal override WorkerCounters Figures =>
        new(_handler.Frames, _egressRings.Sent, _ring.Lost + _malformed, _egressRings.Lost, AllocatedBytes);

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
        if (offload.NeedsChecksum
            && !Segmentation.TryComplete(frame.Bytes, offload.ChecksumStart, offload.ChecksumOffset))
            _malformed++;
        else
            Decide(ref frame);
    }

    /// <summary>Cuts a super-packet: merged by the kernel or a device, or not yet segmented by a sender on this
    /// machine.</summary>
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
