using Sidestep.Engine.Managed.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>What a worker does with a frame, whatever driver it came by: the pipeline decides, and the driver sends.</summary>
internal sealed class FrameHandler(ManagedEngine engine, PacketPipeline pipeline, FragmentPunt punt)
{
    private PipelineTables? _tables;
    private CaptureTap? _tap;
    private CaptureTap.Scratch? _scratch;

    /// <summary>Frames that were decided so far.</summary>
    internal long Frames { get; private set; }

    /// <summary>Index of the interface that the last frame leaves by.</summary>
    internal int Egress { get; private set; }

    /// <summary>Before some frames: they all see the same tables and the same time.</summary>
    internal void BeginBatch()
    {
        _tables = engine.Tables;
        if (!ReferenceEquals(_tap, engine.Tap))
            (_tap, _scratch) = (engine.Tap, engine.Tap?.NewScratch());
        pipeline.Now = ManagedEngine.MonotonicNanoseconds();
    }

    /// <summary>Decides.</summary>
    /// <param name="frame">As it came in; changed into what is to be sent.</param>
    /// <param name="interfaceIndex">Where it came in.</param>
    /// <returns>True: it is to be sent by <see cref="Egress"/>.</returns>
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
