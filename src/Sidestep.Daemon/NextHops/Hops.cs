using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;
using HopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>By which interface and which neighbour servers and other directors are reached: routes, links and addresses,
/// without Ethernet addresses.</summary>
internal sealed record Hops
{
    /// <summary>The director's interfaces that exist.</summary>
    internal required IReadOnlyList<EgressInterface> Interfaces { get; init; }

    /// <summary>The hop to each server that has one.</summary>
    internal Dictionary<IPAddress, Hop> Servers { get; } = [];

    /// <summary>Servers that are this machine, and by which interface their traffic comes.</summary>
    internal Dictionary<IPAddress, EgressInterface> LocalServers { get; } = [];

    /// <summary>Why the other servers have no hop.</summary>
    internal Dictionary<IPAddress, string> Problems { get; } = [];

    /// <summary>The hop to each other director that has one.</summary>
    internal Dictionary<IPAddress, Hop> Peers { get; } = [];

    /// <summary>Why the others have none.</summary>
    internal Dictionary<IPAddress, string> PeerProblems { get; } = [];

    /// <summary>Everybody to ask, once each.</summary>
    internal IReadOnlyList<Hop> Neighbours { get; private init; } = [];

    internal static Hops Find(NetlinkSocket socket, Watched watched)
    {
        var host = HostInterfaces.Read(socket, watched.Interfaces);
        var hops = new Hops { Interfaces = host.Used };
        foreach (var server in watched.Servers)
        {
            var (hop, local, problem) = Find(socket, host, server);
            if (hop is not null)
                hops.Servers[server] = hop;
            else if (local is not null)
                hops.LocalServers[server] = local;
            else
                hops.Problems[server] = problem!;
        }
        foreach (var peer in watched.Peers)
        {
            var (hop, local, problem) = Find(socket, host, peer);
            // What came through a router has the router's Ethernet address, as everything else that comes through it.
            if (hop is { ViaRouter: true })
                hops.PeerProblems[peer] = $"it is behind the router {hop.Neighbour}: what it sent cannot be told from other traffic by Ethernet addresses";
            else if (hop is not null)
                hops.Peers[peer] = hop;
            else if (local is null)
                hops.PeerProblems[peer] = problem!;
        }
        return hops with { Neighbours = [.. hops.Servers.Values.Concat(hops.Peers.Values).DistinctBy(static h => h.Key)] };
    }

    /// <summary>Adds the Ethernet addresses. A neighbour that is unknown now keeps the one it had: whether the server still
    /// serves is for health checks to say.</summary>
    internal HopTable Resolve(IReadOnlyDictionary<(int, IPAddress), MacAddress> neighbours, HopTable before)
    {
        var servers = new Dictionary<IPAddress, NextHop>();
        var unresolved = new Dictionary<IPAddress, string>(Problems);
        foreach (var (server, local) in LocalServers)
            servers[server] = new NextHop(local, local.Mac, IsLocal: true);
        foreach (var (server, hop) in Servers)
        {
            if (neighbours.TryGetValue(hop.Key, out var mac))
                servers[server] = new NextHop(hop.Egress, mac, hop.ViaRouter);
            else if (before.Servers.TryGetValue(server, out var known) && known.Egress.Index == hop.Egress.Index
                && known.ViaRouter == hop.ViaRouter && !known.IsLocal)
                servers[server] = known with { Egress = hop.Egress };
            else
                unresolved[server] = Silence(hop);
        }
        var peers = new Dictionary<IPAddress, MacAddress>();
        var unresolvedPeers = new Dictionary<IPAddress, string>(PeerProblems);
        foreach (var (peer, hop) in Peers)
        {
            if (neighbours.TryGetValue(hop.Key, out var mac) || before.Peers.TryGetValue(peer, out mac))
                peers[peer] = mac;
            else
                unresolvedPeers[peer] = Silence(hop);
        }
        return new HopTable(Interfaces, servers, unresolved) { Peers = peers, UnresolvedPeers = unresolvedPeers };
    }

    private static string Silence(Hop hop) => hop.Neighbour.AddressFamily == AddressFamily.InterNetwork
        ? $"{hop.Neighbour} does not answer ARP on '{hop.Egress.Name}'"
        : $"{hop.Neighbour} does not answer neighbour solicitation on '{hop.Egress.Name}'";

    /// <summary>One of the three.</summary>
    private static (Hop? Hop, EgressInterface? Local, string? Problem) Find(NetlinkSocket socket, HostInterfaces host, IPAddress address)
    {
        // A route to one could not be asked for without naming a link.
        if (address.IsIPv6LinkLocal)
            return (null, null, "a link-local address does not say on which link it is; give the server's global address");
        try
        {
            var route = Routes.Find(socket, address);
            if (route.IsLocal)
                return host.Owner(address) is { } owner ? (null, owner, null) : (null, null, "none of director.interfaces exists");
            if (host.Find(route.InterfaceIndex) is not { } found)
                return (null, null, host.WhyNot(route.InterfaceIndex));
            var egress = host.For(found, route);
            var neighbour = route.Gateway ?? address;
            if (host.AskFrom(egress, neighbour) is { } from)
                return (new Hop(egress, neighbour, route.Gateway is not null, from), null, null);
            var family = neighbour.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
            return (null, null, $"interface '{egress.Name}' has no {family} address");
        }
        catch (NativeException e)
        {
            return (null, null, $"no route: {e.Message}");
        }
    }
}

/// <summary>What a resolver has to find.</summary>
/// <param name="Interfaces">Names of the director's interfaces.</param>
/// <param name="Servers">Addresses of real servers.</param>
/// <param name="Peers">Addresses of other directors.</param>
internal sealed record Watched(IReadOnlyCollection<string> Interfaces, IReadOnlyCollection<IPAddress> Servers, IReadOnlyCollection<IPAddress> Peers);
