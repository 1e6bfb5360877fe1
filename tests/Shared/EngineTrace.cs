using System.Runtime.CompilerServices;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Testing;

/// <summary>The verdict on one frame.</summary>
/// <param name="Action">The verdict that the driver gets.</param>
/// <param name="Frame">The frame as the pipeline left it.</param>
public sealed record TraceResult(XdpAction Action, ReadOnlyMemory<byte> Frame);

/// <summary>Runs single frames through the real pipeline of an engine. Nothing is sent, but frames are
/// counted.</summary>
internal static class EngineTrace
{
    private static readonly ConditionalWeakTable<ManagedEngine, PacketPipeline> Pipelines = [];

    /// <summary>Runs one frame.</summary>
    /// <param name="engine">An XDP engine or a managed engine.</param>
    /// <param name="frame">The frame from the Ethernet header on, at least 14 bytes.</param>
    /// <param name="interfaceIndex">The kernel's index of the ingress interface.</param>
    public static TraceResult Trace(this IEngine engine, ReadOnlySpan<byte> frame, int interfaceIndex) =>
        engine is XdpEngine xdp ? Trace(xdp, frame, interfaceIndex)
            : Trace((ManagedEngine)engine, frame, interfaceIndex);

    /// <summary>Clears flow and fragment tables, round-robin cursors and the rate limit of ICMP errors.</summary>
    public static void ClearState(this ManagedEngine engine)
    {
        engine.State.Flows.Clear();
        engine.State.Fragments.Clear();
        PipelineOf(engine).Tokens = default;
    }

    private static TraceResult Trace(XdpEngine engine, ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        using var program = engine.Program();
        var output = new byte[frame.Length + 256];
        var run = program.Run(frame, output, ingressInterface: interfaceIndex);
        return new TraceResult((XdpAction)run.ReturnValue, output.AsMemory(0, run.Length));
    }

    private static TraceResult Trace(ManagedEngine engine, ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        var buffer = new byte[Frame.Headroom + frame.Length + Frame.Tailroom];
        frame.CopyTo(buffer.AsSpan(Frame.Headroom));
        var traced = new Frame(buffer, Frame.Headroom, frame.Length);
        var pipeline = PipelineOf(engine);
        pipeline.Now = engine.Nanoseconds;
        var decision = engine.Tables is { } tables
            ? pipeline.Process(tables, ref traced, interfaceIndex) : Decision.Pass;
        return new TraceResult(
            ManagedEngine.ActionOf(decision, pipeline.Egress, interfaceIndex), traced.Bytes.ToArray());
    }

    private static PacketPipeline PipelineOf(ManagedEngine engine) =>
        Pipelines.GetValue(engine, static e => e.NewPipeline());
}
