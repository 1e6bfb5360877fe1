using System.Text;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>What the command line reads of the other engine from what is pinned, this one is asked for.</summary>
/// <param name="engine">Which.</param>
/// <param name="flowTableSize">Its size.</param>
/// <param name="appliedAt">When its tables came into force.</param>
/// <param name="gate">One thread at a time changes it and asks it.</param>
internal sealed class ManagedRequestHandler(ManagedEngine engine, int flowTableSize, Func<DateTimeOffset> appliedAt, Lock gate)
{
    private const int MaxFrames = 1024;
    private static readonly EngineException NotReady = new("the director is starting: ask again in a moment");

    private CaptureTap? _tap;
    private long _session;

    /// <exception cref="EngineException">It cannot be answered; says why.</exception>
    internal byte[]? Handle(string path, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            return path switch
            {
                LocalApiPaths.Status => LocalApiJson.Write(ManagedStatus.Of(engine, engine.Revision, appliedAt()) ?? throw NotReady),
                LocalApiPaths.Flows => LocalApiJson.Write(Flows()),
                LocalApiPaths.Plan => LocalApiJson.Write(Plan(Encoding.UTF8.GetString(body.Span))),
                LocalApiPaths.Capture => LocalApiJson.Write(Capture(LocalApiJson.Read<CaptureRequest>(body.Span))),
                LocalApiPaths.Trace => LocalApiJson.Write(Trace(LocalApiJson.Read<TraceRequest>(body.Span))),
                _ => null,
            };
        }
    }

    private FlowsResponse Flows()
    {
        var flows = new List<TrackedFlow>();
        engine.VisitFlows(flows.Add);
        return new FlowsResponse(engine.FlowTableStatus, flows);
    }

    private Plan Plan(string text)
    {
        var read = ConfigurationReader.Read(text, null);
        return read.Configuration is { } proposed && ManagedStatus.StateOf(engine) is { } state
            ? Planner.Of(state, proposed, DateTimeOffset.UtcNow)
            : throw new EngineException(read.Errors.Select(static e => e.Format("configuration", "error")).FirstOrDefault() ?? NotReady.Message);
    }

    private CaptureResponse Capture(CaptureRequest request)
    {
        if (request.Session == 0)
        {
            _tap = engine.BeginCapture(request.Filter, request.Limits);
            _session++;
        }
        else if (_tap is null || request.Session != _session)
        {
            throw new EngineException("the capture has ended: another one began");
        }
        var frames = _tap.Fetch(MaxFrames);
        if (request.IsLast)
            engine.EndCapture(_tap);
        return new CaptureResponse(_session, frames, _tap.Counts);
    }

    /// <summary>On a copy: nothing is sent, counted or remembered.</summary>
    private TraceResponse Trace(TraceRequest request)
    {
        if (engine.Tables?.Origin is not { } tables)
            throw NotReady;
        using var copy = new ManagedEngine(flowTableSize);
        copy.Apply(tables);
        engine.VisitFlows(copy.Track);
        var ingress = tables.Interfaces[0];
        var frame = request.Frame;
        if (request.IsSynthetic)
            ingress.Mac.Write(frame);
        var pipeline = copy.NewPipeline();
        var buffer = new byte[Frame.Headroom + frame.Length + Frame.Tailroom];
        frame.CopyTo(buffer, Frame.Headroom);
        var running = new Frame(buffer, Frame.Headroom, frame.Length);
        var decision = pipeline.Process(copy.Tables!, ref running, ingress.Index);
        var isSent = decision is not (Decision.Pass or Decision.Drop or Decision.DeliverLocally or Decision.Punted);
        return new TraceResponse(frame, Explanation.Of(pipeline, copy.Tables!, decision), isSent ? running.Bytes.ToArray() : []);
    }
}
