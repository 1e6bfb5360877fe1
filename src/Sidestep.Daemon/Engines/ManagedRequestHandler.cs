using System.Text;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>Handles the requests of the command line for the state of the managed engine, which has no pinned maps to
/// read.</summary>
/// <param name="engine">The engine.</param>
/// <param name="flowTableSize">Entries of its flow table.</param>
/// <param name="gate">Locked while the engine changes, and while a request is handled.</param>
internal sealed class ManagedRequestHandler(ManagedEngine engine, int flowTableSize, Lock gate)
{
    private const int MaxFrames = 1024;
    private static readonly EngineException NotReady = new("the director is starting: try again in a moment");

    private CaptureTap? _tap;
    private long _session;

    /// <summary>Handles one request of the command line to the local API.</summary>
    /// <param name="path">See <see cref="LocalApiPaths"/>.</param>
    /// <param name="body">JSON; for <see cref="LocalApiPaths.Plan"/> a configuration in YAML.</param>
    /// <returns>JSON; null: the path is unknown.</returns>
    /// <exception cref="EngineException">The request cannot be fulfilled; the message says why.</exception>
    internal byte[]? Handle(string path, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            return path switch
            {
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
            : throw new EngineException(read.Errors.Select(static e => e.Format("configuration", "error"))
                .FirstOrDefault() ?? NotReady.Message);
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
            throw new EngineException("another capture has started and ended this one");
        }
        var frames = _tap.Fetch(MaxFrames);
        if (request.IsLast)
            engine.EndCapture(_tap);
        return new CaptureResponse(_session, frames, _tap.Counts);
    }

    /// <summary>Runs the frame through a copy of the engine: nothing is sent, counted or tracked.</summary>
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
        return new TraceResponse(frame, Explanation.Of(pipeline, copy.Tables!, decision),
            isSent ? running.Bytes.ToArray() : []);
    }
}
