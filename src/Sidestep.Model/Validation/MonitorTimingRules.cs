using System.Globalization;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A probe ends before the next one starts.</summary>
internal static class MonitorTimingRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var monitor in document.Monitors)
        {
            var interval = monitor.Value(HealthMonitorSchema.Interval);
            if (monitor.Value(HealthMonitorSchema.Timeout) is var timeout && timeout <= interval)
                continue;
            var where = monitor.Find(HealthMonitorSchema.Timeout) ?? monitor.Find(HealthMonitorSchema.Interval);
            if (where is not null)
                issues.Error(where.Path, where.Node,
                    string.Create(CultureInfo.InvariantCulture,
                        $"the timeout of {timeout.TotalSeconds} s exceeds the interval of {interval.TotalSeconds} s"),
                    "Write a timeout that is at most the interval");
        }
    }
}
