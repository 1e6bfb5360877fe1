using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Above a known rate of probes, probes are late, and so are their results.</summary>
internal static class ProbeRateRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        // A lower bound: one VIP per pool. The status has the exact number.
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
                FormattableString.Invariant(
                    $"the monitors need {total:0} probes per second; above {Limits.ProbesPerSecond} they are late"),
                "Give monitors longer intervals; for pools with other monitoring, write monitors: [] and "
                + "allowUnverifiedDsrPath: true");
    }
}
