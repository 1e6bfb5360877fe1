using System.Collections.Immutable;
using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.NextHops;
using Sidestep.Model;

namespace Sidestep.Daemon.Doctor;

/// <summary>The routes to servers that the doctor found.</summary>
/// <param name="Routes">The kernel's routes.</param>
/// <param name="StaticEntries">Entries of the neighbour table that an operator made.</param>
/// <param name="Replies">The Ethernet addresses that answered, by next hop.</param>
internal sealed record CheckedRoutes(RouteTable Routes, IReadOnlySet<(int, IPAddress)> StaticEntries,
    IReadOnlyDictionary<(int, IPAddress), ImmutableArray<string>> Replies)
{
    /// <summary>The evidence about the route to one server.</summary>
    /// <param name="server">The server's own address.</param>
    /// <param name="inForce">The next hops in the tables in force.</param>
    internal RouteEvidence EvidenceOf(VrfAddress server, Forwarding.NextHops inForce)
    {
        var mac = inForce.Servers.TryGetValue(server, out var known) ? known.Neighbour.ToString() : null;
        if (Routes.LocalServers.ContainsKey(server))
            return new RouteEvidence { IsLocal = true, Mac = mac };
        if (!Routes.Servers.TryGetValue(server, out var route))
            return new RouteEvidence { NoRouteReason = Routes.Problems.GetValueOrDefault(server, "unknown") };
        return new RouteEvidence
        {
            Gateway = route.ViaRouter ? route.Neighbour : null,
            Device = route.Egress.Name,
            Mac = mac,
            IsStatic = StaticEntries.Contains(route.Key),
            RepliedMacs = Replies.TryGetValue(route.Key, out var macs) ? macs : null,
        };
    }
}
