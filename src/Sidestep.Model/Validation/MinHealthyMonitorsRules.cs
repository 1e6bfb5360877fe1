using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary><c>minHealthyMonitors</c> is at most the number of monitors.</summary>
internal static class MinHealthyMonitorsRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var pool in document.Pools)
        {
            if (pool.Find(PoolSchema.MinHealthyMonitors) is not { Value.Count: > 1 } healthy)
                continue;
            int monitors = pool.Find(PoolSchema.Monitors)?.Node is ListNode list ? list.Items.Length : 1;
            if (healthy.Value.Count > monitors)
                issues.Error(healthy.Path, healthy.Node,
                    $"{healthy.Value.Count} monitors must be up, and the pool has {monitors}, so no server would ever "
                    + "be healthy",
                    "Write a smaller number, or name more monitors");
        }
    }
}
