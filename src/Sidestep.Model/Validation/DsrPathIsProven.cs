using Sidestep.Model.Schema;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Validation;

/// <summary>Some monitor of every pool goes the way that clients' packets go. A server whose own address answers may have no VIP,
/// or take off no outer header, and swallow every client while it looks well.</summary>
internal static class DsrPathIsProven
{
    private const string Cure = "Add a monitor with probe: dsrPath or probe: both; remove monitors, which leaves the default one; or, if "
        + "nothing may prove that path, say so with dsrPathUnproven: true";

    public static void Check(Document document, IssueList issues)
    {
        foreach (var pool in document.Pools)
        {
            var monitors = pool.Find(PoolSchema.Monitors);
            bool isUnproven = monitors is not null && IsUnproven(document, monitors);
            bool mayBe = pool.Value(PoolSchema.DsrPathUnproven);
            if (isUnproven && !mayBe)
                issues.Error(monitors!.Path, monitors.Node, monitors.Value.Count == 0
                    ? "nobody watches the servers, so a server that is dead, or has no VIP, gets its clients all the same"
                    : "these monitors ask the server's own address only: it answers while the VIP is missing or packets are not "
                      + "decapsulated, and every client that is sent there meets silence", Cure);
            else if (!isUnproven && mayBe && pool.Find(PoolSchema.DsrPathUnproven) is { } said)
                issues.Warning(said.Path, said.Node, "ignored: a monitor of the pool goes through the DSR path", "Remove the key");
        }
    }

    private static bool IsUnproven(Document document, Located<IReadOnlyList<Located<string>>> monitors)
    {
        // Of names that were refused, and of monitors that could not be read, nothing is known.
        if (((ListNode)monitors.Node).Items.Length != monitors.Value.Count)
            return false;
        foreach (var name in monitors.Value)
        {
            if (document.FindMonitor(name.Value) is not { } monitor || monitor.Value(HealthMonitorSchema.Probe) != ProbeWay.Server)
                return false;
        }
        return true;
    }
}
