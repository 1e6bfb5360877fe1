using Sidestep.Api;
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
    internal static DirectorStatus? ReadStatus(DirectorTarget director) => director.Context is null
        ? ReadStatus(LocalDaemon.Of(director), () => PinnedStatus.Read(director.PinPath, director.Name))
        : Query(director, static c => c.GetStatusAsync(CancellationToken.None), static () => null);

    internal static DirectorStatus? ReadStatus(LocalDaemon daemon, Func<DirectorStatus?> readPinned) => daemon.Query(
        static c => c.GetStatusAsync(CancellationToken.None),
        isStarting => readPinned() is { } pinned
            ? pinned with { Daemon = pinned.Daemon with { Running = isStarting, Starting = isStarting } } : null);

    /// <exception cref="UnknownNameException">The director has no service or server of a name in the
    /// request.</exception>
    internal static FlowsReport? ReadFlows(DirectorTarget director, FlowsRequest request, Action<FlowRecord> visit) =>
        Query(director, c => c.ReadFlowsAsync(request, visit, CancellationToken.None), () =>
        {
            using var table = DirectorFlows.Open(director.PinPath, director.Name);
            if (table is null)
                return null;
            FlowsReader.Check(request, table);
            return FlowsReader.Read(request, director.Name, StatusSource.PinnedTables, table, visit);
        });

    internal static ICaptureFeed? StartCapture(DirectorTarget director, CaptureRequest request) =>
        Query<ICaptureFeed>(director,
            async c => new DaemonCapture(await c.CaptureAsync(request, CancellationToken.None).ConfigureAwait(false)),
            () =>
            {
                var (filter, limits) = CaptureRecords.Parse(request);
                return CaptureSession.Start(director.PinPath, director.Name, filter, limits) is { } session
                    ? new PinnedCapture(session) : null;
            });

    internal static PlanReport? Plan(DirectorTarget director, Configuration proposed, PlanRequest request) =>
        Query(director, c => c.PlanAsync(request, CancellationToken.None), () =>
            RunningDirector.Read(proposed.Node) is { } running
                ? PlanRecords.Of(Planner.Of(running, proposed, MonotonicClock.Now(TimeProvider.System)),
                    proposed.Node.Name,
                    StatusSource.PinnedTables)
                : null);

    internal static TraceReport? Trace(DirectorTarget director, Configuration? configuration, TraceRequest request) =>
        Query(director, c => c.TraceAsync(request, CancellationToken.None), () => configuration is not null
            && DirectorNetwork.Read(director.PinPath, director.Name, configuration.Group.Peers) is { } running
                ? ConfigurationTrace.Run(configuration, running, request) : null);

    internal static EventsReport? ReadEvents(DirectorTarget director) => Query(director,
        static c => c.GetEventsAsync(CancellationToken.None), static () => null);

    /// <summary>Asks the director of a context, or the daemon on this machine, or reads the pinned tables if no daemon
    /// listens.</summary>
    private static T? Query<T>(DirectorTarget director, Func<DirectorClient, Task<T>> request, Func<T?> readPinned)
        where T : class
    {
        if (director.Context is not { } context)
            return LocalDaemon.Of(director).Query(request, _ => readPinned());
        try
        {
            // A capture reads from the connection until the process ends.
            return LocalDaemon.Run(request(DirectorConnection.Open(context)));
        }
        catch (DirectorException e)
        {
            throw new EngineException(e.Message, e);
        }
    }
}
