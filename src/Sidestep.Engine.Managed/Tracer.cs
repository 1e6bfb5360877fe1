using Sidestep.Api.Traces;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Engine.Managed;

/// <summary>Traces a frame through an engine without interfaces: a copy of a running director, or one made of a
/// configuration alone. Nothing is sent.</summary>
public static class Tracer
{
    /// <summary>Runs the frame, and explains every decision.</summary>
    /// <param name="engine">An engine with tables, for this trace alone.</param>
    /// <param name="frame">The frame from the Ethernet header on.</param>
    /// <param name="interfaceIndex">Index of the ingress interface.</param>
    /// <param name="source">The state that the engine was made of.</param>
    public static TraceReport Run(ManagedEngine engine, ReadOnlySpan<byte> frame, int interfaceIndex,
        TraceSource source)
    {
        ArgumentNullException.ThrowIfNull(engine);
        var tables = engine.Tables ?? throw new ArgumentException("the engine has no tables", nameof(engine));
        var pipeline = engine.NewPipeline();
        var buffer = new byte[Frame.Headroom + frame.Length + Frame.Tailroom];
        frame.CopyTo(buffer.AsSpan(Frame.Headroom));
        var running = new Frame(buffer, Frame.Headroom, frame.Length);
        var decision = pipeline.Process(tables, ref running, interfaceIndex);
        var isSent = decision is not (Decision.Pass or Decision.Drop or Decision.DeliverLocally or Decision.Punted);
        return TraceRecords.Of(Explanation.Of(pipeline, tables, decision), source, frame,
            isSent ? running.Bytes : default);
    }
}
