using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>References and the status use names, so a name identifies one object.</summary>
internal static class UniqueNameRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        Check(document.Interfaces, InterfaceSchema.Name, "interface", "Keep one of the two", issues);
        Check(document.Profiles, NetworkProfileSchema.Name, "network profile", "Rename one of the two", issues);
        Check(document.Monitors, HealthMonitorSchema.Name, "health monitor", "Rename one of the two", issues);
        Check(document.Pools, PoolSchema.Name, "pool", "Rename one of the two", issues);
        Check(document.AccessLists, AccessListSchema.Name, "access list", "Rename one of the two", issues);
        Check(document.Services, VirtualServiceSchema.Name, "virtual service", "Rename one of the two", issues);
        foreach (var pool in document.Pools)
        {
            if (PoolUsage.Of(pool).HasDuplicates)
                Check(pool.Items(PoolSchema.Servers), RealServerSchema.Name, "server",
                    "Rename one of the two",
                    issues);
            CheckDuplicates(pool, issues);
        }
    }

    private static void CheckDuplicates(BoundMapping pool, IssueList issues)
    {
        var first = new HashSet<string>(StringComparer.Ordinal);
        foreach (var monitor in pool.Find(PoolSchema.Monitors)?.Value ?? [])
        {
            if (!first.Add(monitor.Value))
                issues.Error(monitor.Path, monitor.Node, "this monitor is already in the list", "Keep one of the two");
        }
    }

    private static void Check(
        IEnumerable<BoundMapping> items, Key<string> key, string what, string remedy, IssueList issues)
    {
        var first = new Dictionary<string, Located<string>>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (item.Find(key) is { } name && !first.TryAdd(name.Value, name))
                issues.Error(name.Path, name.Node,
                    $"the {what} {first[name.Value].Owner} has the same name", remedy, first[name.Value].Location);
        }
    }
}
