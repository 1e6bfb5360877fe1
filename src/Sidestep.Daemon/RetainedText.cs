using System.Collections.Immutable;
using Sidestep.Forwarding;

namespace Sidestep.Daemon;

/// <summary>Sentences for status about what make-before-break retains of the previous configuration.</summary>
internal static class RetainedText
{
    /// <summary>One sentence for each retained service, then one for each pool with retained servers; empty: nothing is
    /// retained.</summary>
    internal static ImmutableArray<string> Of(EffectiveConfiguration configuration) =>
    [
        .. configuration.RetainedServices.Select(static r =>
            $"{r.Service.Name} is still served by pool {r.ServingPool.Name}: the servers of pool {r.Service.Pool} are "
                + "not verified yet"),
        .. configuration.RetainedServers.Select(static r =>
            $"pool {r.Pool.Name} still has "
                + $"{string.Join(", ", r.Servers.Select(static s => $"{s.Name} ({s.Address})"))}: its other servers "
                + "are not verified yet"),
    ];
}
