using Sidestep.Model.Schema;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Validation;

/// <summary>No more monitors must be up than there are.</summary>
internal static class HealthyIsPossible
{
    public static void Check(Document document, IssueList issues)
    {
        foreach (var pool in document.Pools)
        {
            if (pool.Find(PoolSchema.Healthy) is not { Value.AtLeast: > 1 } healthy)
                continue;
            int monitors = pool.Find(PoolSchema.Monitors)?.Node is ListNode list ? list.Items.Length : 1;
            if (healthy.Value.AtLeast > monitors)
                issues.Error(Paths.Key(healthy.Path, "atLeast"), healthy.Node,
                    $"{healthy.Value.AtLeast} monitors must be up, and the pool has {monitors}, so no server would ever serve",
                    "Write a smaller number, or name more monitors");
        }
    }
}
