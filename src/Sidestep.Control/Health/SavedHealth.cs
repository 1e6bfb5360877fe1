using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;

namespace Sidestep.Control.Health;

/// <summary>What outlives a daemon of the health of its servers. The next daemon needs it when it cannot take over the
/// tables: then these servers keep their traffic until their checks have a status.</summary>
public sealed record SavedHealth
{
    /// <summary>All monitored servers, also the unhealthy ones: a group without a healthy server is known
    /// too.</summary>
    public ImmutableArray<SavedServerHealth> Servers { get; init; } = [];

    /// <summary>The healthy servers of a group; if the group is unknown, those of its pool.</summary>
    internal IEnumerable<IPAddress> HealthyIn(GroupKey key)
    {
        var pool = Servers.Where(s => s.Pool == key.Pool).ToArray();
        var group = Array.FindAll(pool, s => s.Encap == key.Encap.ToString());
        return (group.Length > 0 ? group : pool).Where(static s => s.Healthy && IPAddress.TryParse(s.Address, out _))
            .Select(static s => IPAddress.Parse(s.Address));
    }
}

/// <summary>The health of one server in one group.</summary>
/// <param name="Pool">Name of the pool.</param>
/// <param name="Encap">How packets reach the server: <c>l2</c>, <c>ipip</c>.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Healthy">True: the server may get traffic.</param>
public sealed record SavedServerHealth(string Pool, string Encap, string Address, bool Healthy);
