using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>Rejects more servers than the engine's server table has entries for all pools together.</summary>
internal static class ServerCountRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        int before = 0;
        foreach (var pool in document.Pools)
        {
            if (pool.Find(PoolSchema.Servers) is not { } servers)
                continue;
            int total = before + servers.Value.Count;
            if (before <= Limits.RealServers && total > Limits.RealServers)
                issues.Error(servers.Path, servers.Node,
                    $"with this pool there are more than {Limits.RealServers} real servers in all pools together",
                    "Move pools to another director, or let services share a pool");
            before = total;
        }
    }
}
