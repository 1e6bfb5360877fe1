using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>More probes than a director is known to make in time come late, and verdicts with them.</summary>
internal static class ProbeRateRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        // A VIP of each pool at least; what is exact is in the status.
        double total = 0;
        foreach (var pool in document.Pools)
        {
            int servers = PoolUsage.Of(pool).Addresses.Length;
            if (pool.Find(PoolSchema.Monitors) is not { } monitors)
            {
                total += servers / HealthMonitor.DefaultInterval.TotalSeconds;
                continue;
            }
            foreach (var name in monitors.Value)
            {
                if (document.FindMonitor(name.Value) is { } monitor)
                    total += servers / monitor.Value(HealthMonitorSchema.Interval).TotalSeconds;
            }
        }
        if (total > Limits.ProbesPerSecond && document.PoolsNode is { } at)
            issues.Warning(at.Path, at.Node,
                FormattableString.Invariant($"the monitors want {total:0} probes a second; beyond {Limits.ProbesPerSecond} they come late"),
                "Give monitors longer intervals, or pools that something else watches monitors: [] and allowUnverifiedDsrPath: true");
    }
}
