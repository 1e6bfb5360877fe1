using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A service whose pool has no server for traffic drops every packet.</summary>
internal static class PoolAvailabilityRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var service in document.Services)
        {
            if (!service.Value(VirtualServiceSchema.Enabled)
                || service.Find(VirtualServiceSchema.Pool) is not { } name || document.PoolOf(service) is not { } pool
                || PoolUsage.Of(pool).HasActiveServers)
                continue;
            var servers = pool.Items(PoolSchema.Servers).ToList();
            if (pool.Value(PoolSchema.FallbackToDraining) && servers.Exists(IsFallback))
                continue;
            if (servers.Count == 0 && !HasUnreadableServers(pool))
                issues.Warning(name.Path, name.Node, "this pool has no servers, so the service drops every packet",
                    "Add servers to the pool, or set enabled: false for the service");
            else if (servers.Count > 0)
                issues.Warning(name.Path, name.Node, servers.Exists(IsDraining)
                        ? "all servers of this pool are draining, disabled or have weight 0, so the service gets no "
                            + "new flows"
                        : "all servers of this pool are disabled or have weight 0, so the service drops every packet",
                    "Enable one and give it a weight, or set enabled: false for the service");
        }
    }

    private static bool IsDraining(BoundMapping server) => server.Value(RealServerSchema.State) == ServerState.Draining;

    private static bool IsFallback(BoundMapping server) =>
        IsDraining(server) && server.Value(RealServerSchema.Weight) > 0;

    // No server of the list could be read: that was reported already.
    private static bool HasUnreadableServers(BoundMapping pool) =>
        pool.Find(PoolSchema.Servers) is { Node: Documents.ListNode { Items.IsEmpty: false } };
}
