using System.Collections.Immutable;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>What outlives a daemon of the health of its servers. The next daemon needs it when it cannot take over the
/// tables: then these servers keep their traffic until their checks have a status.</summary>
public sealed record SavedHealth
{
    /// <summary>All monitored servers, also the unhealthy ones: a group without a healthy server is known
    /// too.</summary>
    public ImmutableArray<SavedServerHealth> Servers { get; init; } = [];

    /// <summary>Path MTUs that are smaller than those of the routes; none in the file of an earlier version.</summary>
    public ImmutableArray<SavedPathMtu> PathMtus { get; init; } = [];

    /// <summary>The healthy servers of a group; if the group is unknown, those of its pool.</summary>
    internal IEnumerable<VrfAddress> HealthyIn(GroupKey key)
    {
        var pool = Servers.Where(s => s.Pool == key.Pool.ToString()).ToArray();
        var encap = Array.FindAll(pool, s => s.Encap == key.Encap.ToString());
        var group = Array.FindAll(encap, s => s.Service is null || s.Service == key.Service?.ToString());
        foreach (var server in group.Length > 0 ? group : pool)
        {
            if (server.Healthy && VrfAddress.TryParse(server.Address, out var address))
                yield return address;
        }
    }
}

/// <summary>The health of one server in one group.</summary>
/// <param name="Pool">The pool, as text.</param>
/// <param name="Encap">How packets reach the server: <c>l2</c>, <c>ipip</c>.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Healthy">True: the server may get traffic, be it in panic mode.</param>
public sealed record SavedServerHealth(string Pool, string Encap, string Address, bool Healthy)
{
    /// <summary>The service of the group; null: the services of the pool share it.</summary>
    public string? Service { get; init; }

    /// <summary>Names of the checks that were up at any time; none in the file of an earlier version.</summary>
    public ImmutableArray<string> VerifiedChecks { get; init; } = [];
}

/// <summary>The measured path MTU of one server in one group.</summary>
/// <param name="Group">The group, as text.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Bytes">The longest datagram, the outer header included.</param>
public sealed record SavedPathMtu(string Group, string Address, int Bytes);
