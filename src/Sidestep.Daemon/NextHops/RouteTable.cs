using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>The interface and the neighbour by which each server and each other director is reached: routes, links and
/// addresses, without Ethernet addresses.</summary>
internal sealed record RouteTable
{
    /// <summary>The director's interfaces that exist.</summary>
    internal required IReadOnlyList<EgressInterface> Interfaces { get; init; }

    /// <inheritdoc cref="NextHopTable.LocalAddresses"/>
    internal ImmutableArray<IPAddress> LocalAddresses { get; private init; } = [];

    /// <summary>The route to each server that has one.</summary>
    internal Dictionary<VrfAddress, NextHopRoute> Servers { get; } = [];

    /// <summary>Servers that are this machine, and the interface where their traffic arrives.</summary>
    internal Dictionary<VrfAddress, EgressInterface> LocalServers { get; } = [];

    /// <summary>The reason for each server without a route.</summary>
    internal Dictionary<VrfAddress, string> Problems { get; } = [];

    /// <summary>The route to each other director on the director's own networks.</summary>
    internal Dictionary<VrfAddress, NextHopRoute> Peers { get; } = [];

    /// <summary>The reason for each other director without a route on the director's own networks.</summary>
    internal Dictionary<VrfAddress, string> PeerProblems { get; } = [];

    /// <summary>The neighbours whose Ethernet addresses are needed, each once.</summary>
    internal IReadOnlyList<NextHopRoute> Neighbours { get; private init; } = [];

    /// <summary>Looks up the routes to all targets.</summary>
    /// <exception cref="NativeException">The kernel lists no interfaces or addresses. A missing route is a problem of
    /// its target.</exception>
    internal static RouteTable Find(IHostNetwork network, ResolverTargets targets)
    {
        var host = HostInterfaces.Read(network, targets.Interfaces);
        var table = new RouteTable { Interfaces = host.Used, LocalAddresses = host.Addresses };
        foreach (var server in targets.Servers)
        {
            var (route, local, problem) = Find(network, host, server.Address);
            if (route is not null)
                table.Servers[server] = route;
            else if (local is not null)
                table.LocalServers[server] = local;
            else
                table.Problems[server] = problem!;
        }
        foreach (var peer in targets.Peers)
        {
            var (route, local, problem) = Find(network, host, peer.Address);
            // A packet through a router has the router's Ethernet address, as all other packets through it.
            if (route is { ViaRouter: true })
                table.PeerProblems[peer] =
                    $"it is behind the router {route.Neighbour}, whose Ethernet address all packets through it have";
            else if (route is not null)
                table.Peers[peer] = route;
            else if (local is null)
                table.PeerProblems[peer] = problem!;
        }
        return table with
        {
            Neighbours = [.. table.Servers.Values.Concat(table.Peers.Values)
            .DistinctBy(static h => h.Key)]
        };
    }

    /// <summary>Adds the Ethernet addresses. A neighbour that is unknown now keeps the address that it had: health
    /// checks decide whether the server still serves.</summary>
    /// <param name="neighbours">Ethernet addresses by interface index and address.</param>
    /// <param name="before">The previous next hops.</param>
    internal NextHopTable Resolve(IReadOnlyDictionary<(int, IPAddress), MacAddress> neighbours, NextHopTable before)
    {
        var servers = new Dictionary<VrfAddress, NextHop>();
        var unresolved = new Dictionary<VrfAddress, string>(Problems);
        foreach (var (server, local) in LocalServers)
            servers[server] = new NextHop(local, local.Mac, IsLocal: true);
        foreach (var (server, route) in Servers)
        {
            if (neighbours.TryGetValue(route.Key, out var mac))
                servers[server] = new NextHop(route.Egress, mac, route.ViaRouter);
            else if (before.Servers.TryGetValue(server, out var known) && known.Egress.Index == route.Egress.Index
                && known.ViaRouter == route.ViaRouter && !known.IsLocal)
                servers[server] = known with { Egress = route.Egress };
            else
                unresolved[server] = NoReplyText(route);
        }
        var peers = new Dictionary<VrfAddress, MacAddress>();
        var unresolvedPeers = new Dictionary<VrfAddress, string>(PeerProblems);
        foreach (var (peer, route) in Peers)
        {
            if (neighbours.TryGetValue(route.Key, out var mac) || before.Peers.TryGetValue(peer, out mac))
                peers[peer] = mac;
            else
                unresolvedPeers[peer] = NoReplyText(route);
        }
        return new NextHopTable(Interfaces, servers, unresolved)
        {
            LocalAddresses = LocalAddresses,
            Peers = peers,
            UnresolvedPeers = unresolvedPeers,
        };
    }

    private static string NoReplyText(NextHopRoute route) => route.Neighbour.AddressFamily == AddressFamily.InterNetwork
        ? $"{route.Neighbour} does not answer ARP on '{route.Egress.Name}'"
        : $"{route.Neighbour} does not answer neighbour solicitation on '{route.Egress.Name}'";

    /// <summary>The route, or the interface if the address is local, or the problem: exactly one of the
    /// three.</summary>
    private static (NextHopRoute? Route, EgressInterface? Local, string? Problem) Find(
        IHostNetwork network, HostInterfaces host, IPAddress address)
    {
        // A route lookup would need the link.
        if (address.IsIPv6LinkLocal)
            return (null, null,
                "a link-local address does not say on which link it is; give the server's global address");
        try
        {
            var route = network.FindRoute(address);
            if (route.IsLocal)
                return host.Owner(address) is { } owner ? (null, owner, null)
                    : (null, null, "none of node.interfaces exists");
            if (host.Find(route.InterfaceIndex) is not { } found)
                return (null, null, host.UnusableReason(route.InterfaceIndex));
            var egress = host.ForRoute(found, route);
            var neighbour = route.Gateway ?? address;
            if (host.SourceFor(egress, neighbour) is { } from)
                return (new NextHopRoute(egress, neighbour, route.Gateway is not null, from), null, null);
            var family = neighbour.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
            return (null, null, $"interface '{egress.Name}' has no {family} address");
        }
        catch (NativeException e)
        {
            return (null, null, $"no route: {e.Message}");
        }
    }
}

/// <summary>The targets of a resolver.</summary>
/// <param name="Interfaces">Names of the director's interfaces.</param>
/// <param name="Servers">Addresses of real servers.</param>
/// <param name="Peers">Addresses of other directors.</param>
internal sealed record ResolverTargets(
    IReadOnlyCollection<string> Interfaces, IReadOnlyCollection<VrfAddress> Servers,
    IReadOnlyCollection<VrfAddress> Peers);
