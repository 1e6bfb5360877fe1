using Sidestep.Model.Schema;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Validation;

/// <summary>Some monitor of every pool goes the way that clients' packets go. A server whose own address answers may have no VIP,
/// or take off no outer header, and swallow every client while it looks well.</summary>
internal static class DsrPathRules
{
    private const string Remedy = "Add a monitor with probe: dsr-path or probe: both; remove monitors, which leaves the default one; or, if "
        + "nothing may prove that path, say so with allowUnverifiedDsrPath: true";

    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var pool in document.Pools)
        {
            var monitors = pool.Find(PoolSchema.Monitors);
            bool isUnverified = monitors is not null && IsUnverified(document, monitors);
            bool isAllowed = pool.Value(PoolSchema.AllowUnverifiedDsrPath);
            if (isUnverified && !isAllowed)
                issues.Error(monitors!.Path, monitors.Node, monitors.Value.Count == 0
                    ? "nobody watches the servers, so a server that is dead, or has no VIP, gets its clients all the same"
                    : "these monitors ask the server's own address only: it answers while the VIP is missing or packets are not "
                      + "decapsulated, and every client that is sent there meets silence", Remedy);
            else if (!isUnverified && isAllowed && pool.Find(PoolSchema.AllowUnverifiedDsrPath) is { } setting)
                issues.Warning(setting.Path, setting.Node, "ignored: a monitor of the pool goes through the DSR path", "Remove the key");
        }
    }

    private static bool IsUnverified(ConfigurationDocument document, Located<IReadOnlyList<Located<string>>> monitors)
    {
        // Of names that were refused, and of monitors that could not be read, nothing is known.
        if (((ListNode)monitors.Node).Items.Length != monitors.Value.Count)
            return false;
        foreach (var name in monitors.Value)
        {
            if (document.FindMonitor(name.Value) is not { } monitor || monitor.Value(HealthMonitorSchema.Probe) != ProbePath.Server)
                return false;
        }
        return true;
    }
}
