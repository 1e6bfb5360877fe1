using System.Text;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.Running;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>What the command line reads of the other engine from what is pinned, this one is asked for.</summary>
/// <param name="engine">Which.</param>
/// <param name="rememberedFlows">Its size.</param>
/// <param name="appliedAt">When its tables came into force.</param>
/// <param name="gate">One thread at a time changes it and asks it.</param>
internal sealed class ManagedAnswers(ManagedEngine engine, int rememberedFlows, Func<DateTimeOffset> appliedAt, Lock gate)
{
    private const int MostFrames = 1024;
    private static readonly EngineException NoTables = new("the director is starting: ask again in a moment");

    private CaptureTap? _tap;
    private long _session;

    /// <exception cref="EngineException">It cannot be answered; says why.</exception>
    internal byte[]? Answer(string path, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            return path switch
            {
                RunningPaths.Status => RunningJson.Write(ManagedStatus.Of(engine, engine.Revision, appliedAt()) ?? throw NoTables),
                RunningPaths.Flows => RunningJson.Write(Flows()),
                RunningPaths.Plan => RunningJson.Write(Plan(Encoding.UTF8.GetString(body.Span))),
                RunningPaths.Capture => RunningJson.Write(Capture(RunningJson.Read<CaptureQuestion>(body.Span))),
                RunningPaths.Trace => RunningJson.Write(Trace(RunningJson.Read<TraceQuestion>(body.Span))),
                _ => null,
            };
        }
    }

    private RunningFlows Flows()
    {
        var flows = new List<RememberedFlow>();
        engine.VisitFlows(flows.Add);
        return new RunningFlows(engine.FlowFacts, flows);
    }

    private Plan Plan(string text)
    {
        var read = ConfigurationReader.Read(text, null);
        return read.Configuration is { } proposed && ManagedStatus.StateOf(engine) is { } state
            ? Planner.Of(state, proposed, DateTimeOffset.UtcNow)
            : throw new EngineException(read.Errors.Select(static e => e.Format("configuration", "error")).FirstOrDefault() ?? NoTables.Message);
    }

    private CaptureAnswer Capture(CaptureQuestion question)
    {
        if (question.Session == 0)
        {
            _tap = engine.BeginCapture(question.Filter, question.Limits);
            _session++;
        }
        else if (_tap is null || question.Session != _session)
        {
            throw new EngineException("the capture has ended: another one began");
        }
        var frames = _tap.Fetch(MostFrames);
        if (question.Ends)
            engine.EndCapture(_tap);
        return new CaptureAnswer(_session, frames, _tap.Counts);
    }

    /// <summary>On a copy: nothing is sent, counted or remembered.</summary>
    private TraceAnswer Trace(TraceQuestion question)
    {
        if (engine.Tables?.Origin is not { } tables)
            throw NoTables;
        using var copy = new ManagedEngine(rememberedFlows);
        copy.Apply(tables);
        engine.VisitFlows(copy.Remember);
        var way = tables.Interfaces[0];
        var frame = question.Frame;
        if (question.IsMadeUp)
            way.Mac.Write(frame);
        var pipeline = copy.NewPipeline();
        var buffer = new byte[Frame.Headroom + frame.Length + Frame.Tailroom];
        frame.CopyTo(buffer, Frame.Headroom);
        var running = new Frame(buffer, Frame.Headroom, frame.Length);
        var decision = pipeline.Process(copy.Tables!, ref running, way.Index);
        var isSent = decision is not (Decision.Pass or Decision.Drop or Decision.DeliverLocally or Decision.Fragmented);
        return new TraceAnswer(frame, Explanation.Of(pipeline, copy.Tables!, decision), isSent ? running.Bytes.ToArray() : []);
    }
}
