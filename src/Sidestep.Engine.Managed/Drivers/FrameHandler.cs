using Sidestep.Engine.Managed.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Processes the frames of one worker, whatever its driver: pipeline, capture and punt. The driver
/// sends.</summary>
internal sealed class FrameHandler(ManagedEngine engine, PacketPipeline pipeline, FragmentPunt punt)
{
    private PipelineTables? _tables;
    private CaptureTap? _tap;
    private CaptureTap.Scratch? _scratch;

    /// <summary>Number of frames that were processed so far.</summary>
    internal long Frames { get; private set; }

    /// <summary>Index of the egress interface of the last frame.</summary>
    internal int Egress { get; private set; }

    /// <summary>Begins a batch of frames: all see the same tables and the same time.</summary>
    internal void BeginBatch()
    {
        _tables = engine.Tables;
        if (!ReferenceEquals(_tap, engine.Tap))
            (_tap, _scratch) = (engine.Tap, engine.Tap?.NewScratch());
        pipeline.Now = ManagedEngine.MonotonicNanoseconds();
    }

    /// <summary>Runs a frame through the pipeline, and captures it if a capture is running.</summary>
    /// <param name="frame">The received frame; rewritten into the frame to be sent.</param>
    /// <param name="interfaceIndex">Index of the ingress interface.</param>
    /// <returns>True when the caller must send the frame out of <see cref="Egress"/>.</returns>
    internal bool Handle(ref Frame frame, int interfaceIndex)
    {
        if (_tables is not { } tables)
            return false;
        var captured = _tap?.BeginFrame(_scratch!, frame.Bytes) ?? false;
        var decision = pipeline.Process(tables, ref frame, interfaceIndex);
        Frames++;
        Egress = pipeline.Egress;
        if (captured)
            _tap!.EndFrame(_scratch!, pipeline, tables, decision, frame.Bytes, interfaceIndex);
        switch (decision)
        {
            case Decision.Pass or Decision.Drop or Decision.DeliverLocally:
                return false;
            case Decision.Punted:
                punt.Enqueue(frame.Bytes, pipeline.PuntTarget(tables));
                return false;
            default:
                return true;
        }
    }
}
