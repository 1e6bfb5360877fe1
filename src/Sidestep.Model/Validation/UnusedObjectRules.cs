using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>An object that no service names is often a leftover, or belongs to a service that names the wrong
/// one.</summary>
internal static class UnusedObjectRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        Check(document, document.Profiles, NetworkProfileSchema.Name, VirtualServiceSchema.NetworkProfile,
            "network profile", issues);
        Check(document, document.Pools, PoolSchema.Name, VirtualServiceSchema.Pool, "pool", issues);
        Check(document, document.AccessLists, AccessListSchema.Name, VirtualServiceSchema.AccessList, "access list",
            issues);
        CheckMonitors(document, issues);
    }

    private static void CheckMonitors(ConfigurationDocument document, IssueList issues)
    {
        if (document.Monitors.Count == 0)
            return;
        var used = document.Pools.SelectMany(static p => p.Find(PoolSchema.Monitors)?.Value ?? [])
            .Select(static n => n.Value).ToHashSet();
        foreach (var monitor in document.Monitors)
        {
            if (monitor.Find(HealthMonitorSchema.Name) is { } name && !used.Contains(name.Value))
                issues.Warning(name.Path, name.Node, "no pool uses this health monitor",
                    "Remove it, or name it in the key monitors of a pool");
        }
    }

    private static void Check(ConfigurationDocument document, IReadOnlyList<BoundMapping> items, Key<string> itemName,
        Key<string> reference, string what, IssueList issues)
    {
        var used = document.Services.Select(s => s.Find(reference)?.Value).ToHashSet();
        foreach (var item in items)
        {
            if (item.Find(itemName) is { } name && !used.Contains(name.Value))
                issues.Warning(name.Path, name.Node, $"no virtual service uses this {what}",
                    "Remove it, or name it in a service");
        }
    }
}
