using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class RouteTableTests
{
    private static readonly VrfAddress Near = VrfAddress.Parse("10.0.0.11"), Far = VrfAddress.Parse("10.1.0.11");
    private static readonly VrfAddress Near6 = VrfAddress.Parse("2001:db8::11"), Peer = VrfAddress.Parse("10.0.0.3");
    private readonly FakeNetwork _network = new FakeNetwork().Link(2, "eth0").Link(3, "eth1").Address(2, "10.0.0.2")
        .Address(2, "2001:db8::2").Route("10.0.0.11", 2).Route("10.1.0.11", 2, gateway: "10.0.0.1")
        .Route("2001:db8::11", 2)
        .Route("10.0.0.3", 2);

    [Fact]
    public void Server_on_the_link_is_its_own_neighbour_and_a_distant_one_has_a_router()
    {
        var table = Find([Near, Far, Near6]);
        Assert.Equal(("eth0", Near.Address, false, IPAddress.Parse("10.0.0.2")), Fields(table.Servers[Near]));
        Assert.Equal(("eth0", IPAddress.Parse("10.0.0.1"), true, IPAddress.Parse("10.0.0.2")),
            Fields(table.Servers[Far]));
        Assert.Equal(("eth0", Near6.Address, false, IPAddress.Parse("2001:db8::2")), Fields(table.Servers[Near6]));
        Assert.Empty(table.Problems);
    }

    /// <summary>RFC 5549.</summary>
    [Fact]
    public void IPv6_router_of_an_IPv4_server_is_requested_from_an_IPv6_address()
    {
        _network.Route("10.2.0.11", 2, gateway: "2001:db8::1");
        var route = Find([VrfAddress.Parse("10.2.0.11")]).Servers[VrfAddress.Parse("10.2.0.11")];
        Assert.Equal(("eth0", IPAddress.Parse("2001:db8::1"), true, IPAddress.Parse("2001:db8::2")), Fields(route));
    }

    [Fact]
    public void MTU_of_a_route_belongs_to_the_servers_behind_it()
    {
        _network.Route("10.1.0.11", 2, gateway: "10.0.0.1", mtu: 1400);
        var table = Find([Near, Far]);
        Assert.Equal(
            (1500, 1400), (table.Servers[Near].Egress.MtuBytes, table.Servers[Far].Egress.MtuBytes));
        var resolved = table.Resolve(
            new Dictionary<(int, IPAddress), MacAddress> { [table.Servers[Far].Key] = new(0x0200_0000_0001) },
            new NextHopTable([], new Dictionary<VrfAddress, NextHop>(), new Dictionary<VrfAddress, string>()));
        Assert.Equal(1400, resolved.Servers[Far].Egress.MtuBytes);
    }

    [Fact]
    public void Neighbours_are_listed_once()
    {
        _network.Route("10.1.0.12", 2, gateway: "10.0.0.1");
        var table = Find([Near, Far, VrfAddress.Parse("10.1.0.12")], [Peer]);
        Assert.Equal(["10.0.0.11", "10.0.0.1", "10.0.0.3"],
            table.Neighbours.Select(static n => n.Neighbour.ToString()));
    }

    [Theory]
    [InlineData("192.0.2.1", "no route: ")]
    [InlineData("10.0.1.11", "the route leaves by 'eth1', which is not one of node.interfaces")]
    [InlineData("2001:db8:1::11", "interface 'eth2' has no IPv6 address")]
    [InlineData("10.0.2.11", "interface 'eth2' has no IPv4 address")]
    [InlineData("fe80::11", "a link-local address does not say on which link it is; give the server's global address")]
    public void Problem_says_why_there_is_no_route(string server, string problem)
    {
        _network.Link(5, "eth2").Route("10.0.1.11", 3).Route("10.0.2.11", 5).Route("2001:db8:1::11", 5)
            .Route("fe80::11", 2);
        var table = RouteTable.Find(_network,
            new ResolverTargets(["eth0", "eth2"], [VrfAddress.Parse(server)], [VrfAddress.Parse(server)]));
        Assert.StartsWith(problem, table.Problems[VrfAddress.Parse(server)], StringComparison.Ordinal);
        Assert.StartsWith(problem, table.PeerProblems[VrfAddress.Parse(server)], StringComparison.Ordinal);
        Assert.Empty(table.Servers);
        Assert.Empty(table.Neighbours);
    }

    [Fact]
    public void Server_on_this_machine_is_local()
    {
        _network.Route("10.0.0.2", 1, isLocal: true);
        Assert.Equal("eth0", Find([VrfAddress.Parse("10.0.0.2")]).LocalServers[VrfAddress.Parse("10.0.0.2")].Name);
        var table = RouteTable.Find(_network, new ResolverTargets(["gone0"], [VrfAddress.Parse("10.0.0.2")], []));
        Assert.Equal("none of node.interfaces exists", table.Problems[VrfAddress.Parse("10.0.0.2")]);
    }

    [Fact]
    public void Peer_behind_a_router_is_a_problem_and_the_director_itself_is_none()
    {
        _network.Route("10.0.0.2", 1, isLocal: true);
        var table = Find([], [Peer, Far, VrfAddress.Parse("10.0.0.2")]);
        Assert.Equal([Peer], table.Peers.Keys);
        Assert.Equal([Far], table.PeerProblems.Keys);
        Assert.StartsWith("it is behind the router 10.0.0.1", table.PeerProblems[Far], StringComparison.Ordinal);
    }

    [Fact]
    public void Known_neighbours_resolve_servers_and_peers()
    {
        _network.Route("10.0.0.2", 1, isLocal: true);
        var local = VrfAddress.Parse("10.0.0.2");
        var next = Find([Near, Far, local], [Peer])
            .Resolve(Macs((Near.Address, 0x11), (IPAddress.Parse("10.0.0.1"), 1), (Peer.Address, 3)), None);
        Assert.Equal((new MacAddress(0x11), false, false), Of(next.Servers[Near]));
        Assert.Equal((new MacAddress(1), true, false), Of(next.Servers[Far]));
        Assert.Equal((new MacAddress(0x0200_0000_0002), false, true), Of(next.Servers[local]));
        Assert.Equal(new MacAddress(3), next.Peers[Peer]);
        Assert.Empty(next.Unresolved);
        Assert.Empty(next.UnresolvedPeers);
    }

    [Fact]
    public void Silent_neighbours_are_unresolved_with_the_protocol_that_they_do_not_answer()
    {
        var next = Find([Near, Near6], [Peer]).Resolve(Macs(), None);
        Assert.Empty(next.Servers);
        Assert.Equal("10.0.0.11 does not answer ARP on 'eth0'", next.Unresolved[Near]);
        Assert.Equal("2001:db8::11 does not answer neighbour solicitation on 'eth0'", next.Unresolved[Near6]);
        Assert.Equal("10.0.0.3 does not answer ARP on 'eth0'", next.UnresolvedPeers[Peer]);
    }

    [Fact]
    public void Neighbour_that_fell_silent_keeps_its_Ethernet_address_while_the_route_stays()
    {
        var table = Find([Near, Far], [Peer]);
        var before = table.Resolve(Macs((Near.Address, 0x11), (IPAddress.Parse("10.0.0.1"), 1), (Peer.Address, 3)),
            None);
        var after = table.Resolve(Macs(), before);
        Assert.Equal(before.Servers[Near], after.Servers[Near]);
        Assert.Equal(before.Peers[Peer], after.Peers[Peer]);

        // Now the server is on the link, and another Ethernet address belongs to it.
        _network.Route("10.1.0.11", 2).Route("10.0.0.11", 3).Link(3, "eth1").Address(3, "10.0.1.2");
        after = RouteTable.Find(_network, new ResolverTargets(["eth0", "eth1"], [Near, Far], []))
            .Resolve(Macs(), before);
        Assert.Equal([Near, Far], after.Unresolved.Keys);
    }

    [Fact]
    public void Address_of_a_server_that_was_local_is_dropped()
    {
        var local = new NextHop(TestDirector.Eth0, new MacAddress(0x99), IsLocal: true);
        var before = new NextHopTable([], new Dictionary<VrfAddress, NextHop> { [Near] = local },
            new Dictionary<VrfAddress, string>());
        Assert.Equal([Near], Find([Near]).Resolve(Macs(), before).Unresolved.Keys);
    }

    private static NextHopTable None { get; } = new([], new Dictionary<VrfAddress, NextHop>(),
        new Dictionary<VrfAddress, string>());

    private RouteTable Find(VrfAddress[] servers, params VrfAddress[] peers) =>
        RouteTable.Find(_network, new ResolverTargets(["eth0"], servers, peers));

    private static Dictionary<(int, IPAddress), MacAddress> Macs(params (IPAddress Address, ulong Mac)[] entries) =>
        entries.ToDictionary(static e => (2, e.Address), static e => new MacAddress(e.Mac));

    private static (string, IPAddress, bool, IPAddress) Fields(NextHopRoute route) =>
        (route.Egress.Name, route.Neighbour, route.ViaRouter, route.SourceAddress);

    private static (MacAddress, bool, bool) Of(NextHop hop) => (hop.Neighbour, hop.ViaRouter, hop.IsLocal);
}
