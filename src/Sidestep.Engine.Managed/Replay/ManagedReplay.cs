using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Engine.Managed.Replay;

/// <summary>Replays a capture through the managed pipeline, in the time of the capture or of this machine. Allocates
/// nothing per frame.</summary>
public sealed class ManagedReplay : IReplayEngine
{
    private const int FramesPerClock = 32;

    private readonly bool _isVirtual;
    private readonly byte[] _buffer = new byte[Frame.Headroom + ManagedEngine.LongestFrame + Frame.Tailroom];
    private readonly PacketPipeline _pipeline;
    private long _now;
    private int _frames;

    /// <summary>Creates a replay with an empty flow table.</summary>
    /// <param name="flowTableSize">Number of flows that the table is sized for.</param>
    /// <param name="isVirtual">True: the time is that of the frames; false: this machine's.</param>
    public ManagedReplay(int flowTableSize, bool isVirtual)
    {
        _isVirtual = isVirtual;
        Managed = new ManagedEngine(flowTableSize, isVirtual ? () => _now : null);
        _pipeline = Managed.NewPipeline();
    }

    /// <inheritdoc/>
    public IEngine Engine => Managed;

    /// <summary>The managed engine through which this replay runs its frames.</summary>
    public ManagedEngine Managed { get; }

    /// <summary>The pipeline, which has more information about the last frame.</summary>
    public PacketPipeline Pipeline => _pipeline;

    /// <summary>True if the last frame was for a VIP, whatever its Ethernet destination was.</summary>
    public bool IsForVip => _pipeline.LastPacket.Vip >= 0;

    /// <inheritdoc/>
    public ReplayedFrame Run(ReadOnlySpan<byte> frame, int interfaceIndex, long time)
    {
        if (frame.Length > ManagedEngine.LongestFrame)
            throw new EngineException($"a frame of {frame.Length} bytes is longer than {ManagedEngine.LongestFrame}");
        Tick(time);
        frame.CopyTo(_buffer.AsSpan(Frame.Headroom));
        var running = new Frame(_buffer, Frame.Headroom, frame.Length);
        var tables = Managed.Tables!;
        var decision = _pipeline.Process(tables, ref running, interfaceIndex);
        var packet = _pipeline.LastPacket;
        return new ReplayedFrame
        {
            Decision = decision,
            Reason = packet.Reason,
            Service = packet.Service >= 0 ? Managed.ServiceName(packet.Service) : null,
            Server = tables.Server(packet.Server)?.Key,
            Slot = packet.Slot,
            Egress = packet.Egress,
            Bytes = running.Bytes,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => Managed.Dispose();

    private void Tick(long time)
    {
        if (_isVirtual)
            _pipeline.Now = _now = Math.Max(time, _now); // frames of several CPUs may be slightly out of order
        else if (_frames++ % FramesPerClock == 0)
            _pipeline.Now = ManagedEngine.MonotonicNanoseconds();
    }
}
