using Sidestep.Api.Captures;
using Sidestep.Api.Events;
using Sidestep.Api.Flows;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Api.Traces;
using Sidestep.Cli.Capture;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>What the commands need of a director on this machine: its daemon answers, or its pinned tables if no daemon
/// listens. Null: there is no such director.</summary>
/// <remarks>Every method throws <see cref="EngineException"/> if the director cannot be read.</remarks>
internal static class DirectorQueries
{
    internal static DirectorStatus? ReadStatus(NodeSettings director) => ReadStatus(LocalDaemon.Of(director),
        () => PinnedStatus.Read(director.PinPath, director.Name));

    internal static DirectorStatus? ReadStatus(LocalDaemon daemon, Func<DirectorStatus?> readPinned) => daemon.Query(
        static c => c.GetStatusAsync(CancellationToken.None),
        isStarting => readPinned() is { } pinned
            ? pinned with { Daemon = pinned.Daemon with { Running = isStarting, Starting = isStarting } } : null);

    /// <exception cref="UnknownNameException">The director has no service or server of a name in the
    /// request.</exception>
    internal static FlowsReport? ReadFlows(NodeSettings director, FlowsRequest request, Action<FlowRecord> visit) =>
        LocalDaemon.Of(director).Query(c => c.ReadFlowsAsync(request, visit, CancellationToken.None), _ =>
        {
            using var table = DirectorFlows.Open(director.PinPath, director.Name);
            if (table is null)
                return null;
            FlowsReader.Check(request, table);
            return FlowsReader.Read(request, director.Name, StatusSource.PinnedTables, table, visit);
        });

    internal static ICaptureFeed? StartCapture(NodeSettings director, CaptureRequest request) =>
        LocalDaemon.Of(director).Query<ICaptureFeed>(
            async c => new DaemonCapture(await c.CaptureAsync(request, CancellationToken.None).ConfigureAwait(false)),
            _ =>
            {
                var (filter, limits) = CaptureRecords.Parse(request);
                return CaptureSession.Start(director.PinPath, director.Name, filter, limits) is { } session
                    ? new PinnedCapture(session) : null;
            });

    internal static PlanReport? Plan(Configuration proposed, PlanRequest request) =>
        LocalDaemon.Of(proposed.Node).Query(c => c.PlanAsync(request, CancellationToken.None), _ =>
            RunningDirector.Read(proposed.Node) is { } running
                ? PlanRecords.Of(Planner.Of(running, proposed, MonotonicClock.Now(TimeProvider.System)),
                    proposed.Node.Name,
                    StatusSource.PinnedTables)
                : null);

    internal static TraceReport? Trace(Configuration configuration, TraceRequest request)
    {
        var director = configuration.Node;
        return LocalDaemon.Of(director).Query(c => c.TraceAsync(request, CancellationToken.None), _ =>
            DirectorNetwork.Read(director.PinPath, director.Name, configuration.Group.Peers) is { } running
                ? ConfigurationTrace.Run(configuration, running, request) : null);
    }

    internal static EventsReport? ReadEvents(NodeSettings director) => LocalDaemon.Of(director).Query(
        static c => c.GetEventsAsync(CancellationToken.None), static _ => null);
}
