using Sidestep.Api.Captures;
using Sidestep.Api.Flows;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Api.Traces;
using Sidestep.Daemon.Engines;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Answers requests for flows, captures, plans and traces of the running director. Safe for threads; every
/// method may take long.</summary>
/// <param name="director">The name of the director.</param>
/// <param name="state">Reads the state of the engine.</param>
/// <param name="tables">The tables in force; null: none yet.</param>
/// <param name="merge">Lays the operational state over a configuration; null: there is none.</param>
internal sealed class RunningDirectorRequests(string director, IEngineState state, Func<ForwardingTables?> tables,
    Func<Configuration, Configuration>? merge = null)
{
    /// <summary>How often a capture without frames looks whether it has ended.</summary>
    private static readonly TimeSpan PollTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Passes on the frames of a capture.</summary>
    /// <param name="write">Receives each frame, and the frames that were not recorded.</param>
    /// <param name="flush">Called after each batch of frames, and regularly without frames.</param>
    internal delegate void CaptureWork(Action<CaptureLine> write, Action flush);

    private readonly Lock _captures = new();

    /// <summary>The error of requests before the first tables.</summary>
    internal static EngineException NotReady() => new("the director is starting: try again in a moment");

    /// <summary>Opens the flow table, and checks the names in a request.</summary>
    /// <exception cref="EngineException">The table cannot be read; the message says why.</exception>
    /// <exception cref="UnknownNameException">The director has no service or server of that name.</exception>
    internal IFlowTable OpenFlows(FlowsRequest request)
    {
        var table = state.OpenFlows();
        try
        {
            FlowsReader.Check(request, table);
            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <summary>Reads the flows of a request.</summary>
    /// <param name="request">Which flows.</param>
    /// <param name="table">The open flow table.</param>
    /// <param name="visit">Receives each flow, if the request lists them.</param>
    internal FlowsReport ReadFlows(FlowsRequest request, IFlowTable table, Action<FlowRecord> visit) =>
        FlowsReader.Read(request, director, StatusSource.Daemon, table, visit);

    /// <summary>Captures frames until cancelled. The engine ends a capture whose reader blocks for seconds, and the
    /// capture continues when the reader does.</summary>
    /// <param name="request">Which frames.</param>
    /// <param name="begin">Called once the capture runs, with an action that passes its frames on until cancelled, and
    /// throws <see cref="EngineException"/> when the capture has ended.</param>
    /// <param name="cancellation">Ends the capture.</param>
    /// <exception cref="FormatException">The filter is invalid, or a number is out of its range.</exception>
    /// <exception cref="EngineException">Another capture is running, or a name is unknown.</exception>
    internal void Capture(CaptureRequest request, Action<CaptureWork> begin, CancellationToken cancellation)
    {
        var (filter, limits) = CaptureRecords.Parse(request);
        // The capture of a client that has just gone ends within a poll. Otherwise the engine names the obstacle.
        var isAlone = _captures.TryEnter(2 * PollTimeout);
        try
        {
            using var session = state.StartCapture(filter, limits);
            begin((write, flush) => Pass(session, write, flush, cancellation));
        }
        finally
        {
            if (isAlone)
                _captures.Exit();
        }
    }

    private static void Pass(ICaptureSession session, Action<CaptureLine> write, Action flush,
        CancellationToken cancellation)
    {
        while (true)
        {
            write(new CaptureLine { Loss = CaptureRecords.Of(session.Counts) });
            flush();
            cancellation.ThrowIfCancellationRequested();
            session.Poll(PollTimeout, frame => write(new CaptureLine { Frame = CaptureRecords.Of(frame) }));
        }
    }

    /// <summary>Compares a configuration with the state of the director.</summary>
    /// <exception cref="EngineException">The configuration has errors, or the state cannot be read.</exception>
    /// <exception cref="FormatException">The request has no configuration.</exception>
    internal PlanReport Plan(PlanRequest request)
    {
        if (request.Configuration is null)
            throw new FormatException("the request has no configuration");
        var read = ConfigurationReader.Read(request.Configuration, null);
        if (read.Configuration is not { } proposed)
            throw new EngineException(string.Join('\n',
                read.Errors.Select(e => e.Format(request.Origin, "error"))));
        return Plan(proposed);
    }

    /// <summary>Compares a valid configuration with the state of the director.</summary>
    /// <exception cref="EngineException">The state cannot be read.</exception>
    internal PlanReport Plan(Configuration proposed) => PlanRecords.Of(
        Planner.Of(state.Read(), merge?.Invoke(proposed) ?? proposed, MonotonicClock.Now(TimeProvider.System)),
        proposed.Node.Name, StatusSource.Daemon);

    /// <summary>Runs a frame through a copy of the tables and flows: nothing is sent, counted or tracked.</summary>
    /// <exception cref="EngineException">There are no tables yet, or the flows cannot be read.</exception>
    /// <exception cref="FormatException">The frame is too short or too long.</exception>
    internal TraceReport Trace(TraceRequest request, CancellationToken cancellation)
    {
        var inForce = tables() ?? throw NotReady();
        var frame = request.Frame.ToArray();
        if (frame.Length is < Packets.EthernetPacket.HeaderLength or > ManagedEngine.LongestFrame)
        {
            throw new FormatException(
                $"a frame has {Packets.EthernetPacket.HeaderLength} to {ManagedEngine.LongestFrame} bytes, "
                + $"and not {frame.Length}");
        }
        using var flows = state.OpenFlows();
        using var copy = new ManagedEngine(flows.Status.Capacity);
        copy.Apply(inForce);
        flows.Visit(flow =>
        {
            cancellation.ThrowIfCancellationRequested();
            copy.Track(flow);
        });
        var ingress = inForce.Interfaces[0];
        if (request.IsSynthetic)
            ingress.Mac.Write(frame);
        return Tracer.Run(copy, frame, ingress.Index, TraceSource.Daemon);
    }
}
