using System.Net;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;
using HopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>By which interface and which neighbour each server is reached: routes, links and addresses, without Ethernet addresses.</summary>
/// <param name="Interfaces">The director's interfaces that exist and have an IPv4 address.</param>
/// <param name="ByServer">The way to each server that has one.</param>
/// <param name="Problems">Why the others have none.</param>
internal sealed record Ways(
    IReadOnlyList<EgressInterface> Interfaces,
    IReadOnlyDictionary<IPAddress, Way> ByServer,
    IReadOnlyDictionary<IPAddress, string> Problems)
{
    internal static Ways Find(NetlinkSocket socket, IReadOnlyCollection<string> names, IReadOnlyCollection<IPAddress> servers)
    {
        var links = Native.Netlink.Interfaces.List(socket);
        var addresses = InterfaceAddresses.List(socket);
        var interfaces = new List<EgressInterface>();
        var why = new Dictionary<int, string>();
        foreach (var link in links)
        {
            var address = addresses.FirstOrDefault(a => a.InterfaceIndex == link.Index && !a.IsSecondary);
            if (!names.Contains(link.Name))
                why[link.Index] = $"the route leaves by '{link.Name}', which is not one of director.interfaces";
            else if (address is null)
                why[link.Index] = $"interface '{link.Name}' has no IPv4 address";
            else if (!link.IsEthernet)
                why[link.Index] = $"interface '{link.Name}' is not Ethernet";
            else
                interfaces.Add(new EgressInterface(link.Index, link.Name, MacAddress.Read(link.Address.Span), address.Address, link.MtuBytes));
        }

        var ways = new Dictionary<IPAddress, Way>();
        var problems = new Dictionary<IPAddress, string>();
        foreach (var server in servers)
        {
            try
            {
                var route = Routes.Find(socket, server);
                if (route.IsLocal)
                    problems[server] = "it is an address of the director itself";
                else if (interfaces.Find(i => i.Index == route.InterfaceIndex) is { } egress)
                    ways[server] = new Way(egress, route.Gateway ?? server, route.Gateway is not null);
                else
                    problems[server] = why.GetValueOrDefault(route.InterfaceIndex, "the route's interface is gone");
            }
            catch (NativeException e)
            {
                problems[server] = $"no route: {e.Message}";
            }
        }
        return new Ways(interfaces, ways, problems);
    }

    /// <summary>Adds the Ethernet addresses. A neighbour that is unknown now keeps the one it had: whether the server still
    /// serves is for health checks to say.</summary>
    internal HopTable Resolve(IReadOnlyDictionary<(int, IPAddress), MacAddress> neighbours, HopTable before)
    {
        var servers = new Dictionary<IPAddress, NextHop>();
        var unresolved = new Dictionary<IPAddress, string>(Problems);
        foreach (var (server, way) in ByServer)
        {
            if (neighbours.TryGetValue((way.Egress.Index, way.Neighbour), out var mac))
                servers[server] = new NextHop(way.Egress, mac, way.ViaRouter);
            else if (before.Servers.TryGetValue(server, out var known) && known.Egress.Index == way.Egress.Index && known.ViaRouter == way.ViaRouter)
                servers[server] = known with { Egress = way.Egress };
            else
                unresolved[server] = $"{way.Neighbour} does not answer ARP on '{way.Egress.Name}'";
        }
        return new HopTable(Interfaces, servers, unresolved);
    }
}

/// <summary>A way to a server.</summary>
/// <param name="Egress">By this interface.</param>
/// <param name="Neighbour">To this neighbour: the server itself or a router.</param>
/// <param name="ViaRouter">True: a router.</param>
internal sealed record Way(EgressInterface Egress, IPAddress Neighbour, bool ViaRouter);
