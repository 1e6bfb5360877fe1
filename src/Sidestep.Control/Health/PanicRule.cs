using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Decides when the unhealthy servers of a group get new flows, too.</summary>
internal static class PanicRule
{
    /// <summary>True if fewer of the servers that could serve are healthy than the pool's panic threshold says. Servers
    /// that were never healthy do not count: a pool that grows is not in panic. A healthy backup server is the
    /// operator's own remedy.</summary>
    /// <param name="group">All servers of the group.</param>
    /// <param name="health">Which of them are healthy.</param>
    internal static bool IsInPanic(IEnumerable<ServerHealthState> group, GroupHealth health)
    {
        int all = 0, healthy = 0;
        var threshold = 0;
        foreach (var state in group)
        {
            var server = state.Server.Server;
            if (!state.HasServed || server is not { State: ServerState.Enabled, Weight: > 0 })
                continue;
            var isHealthy = health.Healthy.Contains(server.VrfAddress);
            if (server.Backup)
            {
                if (isHealthy)
                    return false;
                continue;
            }
            threshold = state.Server.Pool.PanicThreshold;
            all++;
            healthy += isHealthy ? 1 : 0;
        }
        return healthy * 100 < all * threshold;
    }
}
