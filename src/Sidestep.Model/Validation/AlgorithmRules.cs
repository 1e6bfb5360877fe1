using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The requirements of an algorithm on its pool and on the directors.</summary>
internal static class AlgorithmRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        bool hasOthers = document.HasOtherDirectors;
        foreach (var pool in document.Pools)
        {
            var algorithm = pool.Find(PoolSchema.Algorithm);
            if (hasOthers && algorithm is { Value: not Algorithm.ConsistentHash })
                NotShared(algorithm.Path, algorithm.Node, "flows", issues);
            if (hasOthers && pool.Find(PoolSchema.Persistence) is { } persistence)
                NotShared(persistence.Path, persistence.Node, "clients", issues);
            if (algorithm is { Value: Algorithm.LeastConnections or Algorithm.WeightedLeastConnections }
                && pool.Find(PoolSchema.Servers) is { } servers && servers.Value.Count > Limits.LeastConnectionsServers)
                issues.Error(algorithm.Path, algorithm.Node,
                    $"the pool has {servers.Value.Count} servers, and the director would compare all of them for each "
                    + "new flow; at most "
                    + $"{Limits.LeastConnectionsServers} are possible",
                    "Use consistent-hash or weighted-round-robin, or divide the pool");
            if (pool.Find(PoolSchema.MinServers) is { } minimum
                && !PoolUsage.Of(pool).HasBackups)
                issues.Warning(minimum.Path, minimum.Node, "ignored: the pool has no backup servers",
                    "Remove the key, or set backup: true for some servers");
        }
        foreach (var service in document.Services)
        {
            if (document.PoolOf(service) is { } pool && pool.Find(PoolSchema.HashFields) is
                { Value: HashFields.DestinationPort }
                && pool.Value(PoolSchema.Algorithm) == Algorithm.ConsistentHash
                && service.Find(VirtualServiceSchema.Pool) is { } name
                && VirtualServiceSchema.PortsOf(service) is [var only] && only.First == only.Last)
                issues.Warning(name.Path, name.Node,
                    "the pool chooses by the destination port (hashFields: destination-port), and the service has only "
                    + "one, so one server gets everything", "Use a pool with other hashFields");
        }
    }

    private static void NotShared(DocumentPath path, Node node, string what, IssueList issues) =>
        issues.Warning(path, node,
            $"directors do not share which {what} they track: with other directors (group.peers), connections that "
            + "move to another director may reach another server and break",
            "Use algorithm: consistent-hash without persistence, or keep one director active at a time");
}
