using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>At least one monitor of every pool probes the DSR path. A server that responds on its own address may have
/// no VIP, or may not decapsulate; it would blackhole its clients while it seems healthy.</summary>
internal static class DsrPathRules
{
    private const string Remedy =
        "Add a monitor with probe: dsr-path or probe: both, or remove the key monitors to get the default ones; if the "
        + "path cannot be verified, write allowUnverifiedDsrPath: true";

    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var pool in document.Pools)
        {
            var monitors = pool.Find(PoolSchema.Monitors);
            bool isUnverified = monitors is not null && IsUnverified(document, monitors);
            bool isAllowed = pool.Value(PoolSchema.AllowUnverifiedDsrPath);
            if (isUnverified && !isAllowed)
                issues.Error(monitors!.Path, monitors.Node, monitors.Value.Count == 0
                    ? "no monitor probes the servers, so a server that is down, or has no VIP, still gets clients"
                    : "these monitors probe the server's own address only: it responds even if the VIP is missing or "
                        + "packets are not decapsulated, and its clients would be blackholed", Remedy);
            else if (!isUnverified && isAllowed && pool.Find(PoolSchema.AllowUnverifiedDsrPath) is { } setting)
                issues.Warning(setting.Path, setting.Node, "ignored: a monitor of the pool probes the DSR path",
                    "Remove the key");
        }
    }

    private static bool IsUnverified(ConfigurationDocument document, Located<IReadOnlyList<Located<string>>> monitors)
    {
        // Rejected names and unreadable monitors were reported already; nothing is known about them.
        if (((ListNode)monitors.Node).Items.Length != monitors.Value.Count)
            return false;
        foreach (var name in monitors.Value)
        {
            if (document.FindMonitor(name.Value) is not { } monitor
                || monitor.Value(HealthMonitorSchema.Probe) != ProbePath.Server)
                return false;
        }
        return true;
    }
}
