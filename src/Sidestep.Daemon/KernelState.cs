using System.Collections.Immutable;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Multicast;
using Sidestep.Daemon.Probes;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>Restores what the daemon has put into the kernel when a link that went down, a network manager, a script or
/// a person has removed it; counts it, and reports what is gone again and again. Attaches again where the engine is no
/// longer attached.</summary>
/// <remarks>It asks the kernel instead of listening to it: a router with a full table changes routes all the
/// time.</remarks>
/// <param name="engine">Has rules and routes that keep the kernel from packets for VIPs.</param>
/// <param name="attachments">Notices lost attachments.</param>
/// <param name="links">Reads which links carry no frames.</param>
/// <param name="health">Has rules, routes and filters for probes.</param>
/// <param name="multicast">Has multicast addresses of IPv6 VIPs.</param>
/// <param name="restored">Counts what was gone.</param>
/// <param name="hint">Says who may remove it, as the end of a sentence.</param>
/// <param name="supervisor">Runs the loop, and keeps its comparisons apart.</param>
/// <param name="status">Receives problems, and what was restored.</param>
/// <param name="log">Receives what was restored, and each alarm once.</param>
internal sealed class KernelState(DirectorEngine engine, AttachmentWatch attachments, LinkProblems links,
    HealthService health, SolicitedNodeMulticast multicast, RestoredParts restored, Func<string> hint,
    Supervisor supervisor, StatusReporter status, ILogger log)
{
    /// <summary>What was removed is back within a second.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private ImmutableArray<string> _problems = [];

    /// <summary>Restores, until cancelled.</summary>
    internal Task RunAsync(CancellationToken cancellation) =>
        Periodically.RunAsync(Interval, TimeProvider.System, Restore, cancellation);

    private void Restore()
    {
        var before = health.Problems;
        var missing = new List<string>();
        supervisor.Try("comparison of the routing of probes", () => missing.AddRange(health.RestoreRouting()));
        if (!health.Problems.SequenceEqual(before))
            status.SetProblems(ProblemSource.Health, [.. health.Problems]);
        supervisor.Try("comparison of multicast addresses", () => missing.AddRange(multicast.Restore()));
        var present = new List<string>();
        supervisor.Try("comparison of links", () => present.AddRange(links.Read()));
        supervisor.Try("comparison of the engine's rules and routes", () =>
        {
            try
            {
                missing.AddRange(engine.RestoreKernelState());
            }
            catch (NativeException e)
            {
                present.Add($"the kernel may process packets for VIPs beside the engine: {e.Message}");
            }
        });
        supervisor.Try("comparison of attachments", () =>
        {
            try
            {
                attachments.Check();
            }
            catch (EngineException e)
            {
                present.Add(e.Message);
            }
        });
        foreach (var part in missing)
        {
            restored.Add(part);
            log.Restored(part);
        }
        if (missing.Count > 0)
            status.Change(r => r with { Restored = restored.All });
        ImmutableArray<string> problems = [.. present, .. restored.Alarms(hint)];
        if (problems.SequenceEqual(_problems))
            return;
        foreach (var problem in problems.Except(_problems))
            log.Degraded(problem);
        _problems = problems;
        status.SetProblems(ProblemSource.KernelState, problems);
    }
}
