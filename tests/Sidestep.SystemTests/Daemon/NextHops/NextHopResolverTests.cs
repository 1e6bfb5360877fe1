using System.Diagnostics;
using System.Net;
using Sidestep.Model;

namespace Sidestep.SystemTests.Daemon.NextHops;

/// <summary>Next hops of servers of both address families, on real links with real routes, where the kernel of the
/// other end answers.</summary>
public sealed class NextHopResolverTests(ITestOutputHelper output)
{
    private const string Director = "2001:db8:9::2", Server = "2001:db8:9::11", NewMac = "02:00:00:00:09:09";

    [Fact]
    public void An_on_link_server_and_the_directors_address_are_found()
    {
        using var link = new PointToPointLink([Director + "/64"], [Server + "/64"]);
        link.Watch([Server]);
        link.WaitForMac(Server, PointToPointLink.MacOf(link.Other));
        var nextHop = link.Current.Servers[VrfAddress.Parse(Server)];
        Assert.False(nextHop.ViaRouter);
        Assert.False(nextHop.IsLocal);
        Assert.Equal(IPAddress.Parse(Director), nextHop.Egress.Address6);
        Assert.Null(nextHop.Egress.Address);
        Assert.Equal(nextHop.Egress, Assert.Single(link.Current.Interfaces));
    }

    /// <summary>Only the daemon's own requests can find the new address: the kernel still has the old one, and the
    /// server announces nothing. The changes follow each other within the kernel's locktime.</summary>
    [Theory]
    [InlineData(Server)]
    [InlineData("10.9.0.11")]
    public void A_silent_change_of_a_servers_MAC_address_is_followed_within_a_second(string server)
    {
        using var link = new PointToPointLink(["10.9.0.2/24", Director + "/64"], ["10.9.0.11/24", Server + "/64"]);
        Lan.SetSysctl(link.Other, "ipv6/conf/eth0/ndisc_notify", 0);
        Lan.SetSysctl(link.Other, "ipv4/conf/eth0/arp_notify", 0);
        link.Watch([server]);
        link.WaitForMac(server, PointToPointLink.MacOf(link.Other));
        for (var i = 0; i < 3; i++)
        {
            var mac = NewMac[..^1] + i;
            link.Other.Ip($"link set dev eth0 address {mac}");
            var clock = Stopwatch.StartNew();
            link.WaitForMac(server, mac);
            output.WriteLine($"followed after {clock.ElapsedMilliseconds} ms");
            Assert.True(clock.Elapsed < TimeLimits.NextHopConvergence, $"took {clock.ElapsedMilliseconds} ms");
        }
    }

    /// <summary>Two hosts on a bridge have the same address.</summary>
    [Fact]
    public void Two_hosts_with_the_same_address_are_reported()
    {
        using var link = new PointToPointLink([Director + "/64"], []);
        link.Other.Ip("link add br0 up type bridge");
        link.Other.Ip("link set eth0 master br0");
        using var first = new NetworkNamespace("first", "ssd");
        using var second = new NetworkNamespace("second", "ssd");
        foreach (var (node, port) in new[] { (first, "p1"), (second, "p2") })
        {
            Lan.SetSysctl(node, "ipv6/conf/default/accept_dad", 0);
            Shell.Run("ip", "link", "add", "eth0", "netns", node.Name, "type", "veth", "peer", "name", port, "netns",
                link.Other.Name);
            link.Other.Ip($"link set {port} master br0 up");
            node.Ip($"address add {Server}/64 dev eth0 nodad");
            node.Ip("link set eth0 up");
        }
        link.Watch([Server]);
        Eventually.True(() =>
            link.Log.Any(static s =>
            s.Contains($"several hosts on 'eth0' answer for {Server}: ", StringComparison.Ordinal)), link.Describe);
    }

    [Fact]
    public void The_neighbour_entry_of_the_kernel_follows_the_change()
    {
        using var link = new PointToPointLink([Director + "/64"], [Server + "/64"]);
        link.Watch([Server]);
        link.WaitForMac(Server, PointToPointLink.MacOf(link.Other));
        link.Other.Ip($"link set dev eth0 address {NewMac}");
        link.WaitForMac(Server, NewMac);
        Assert.Contains(NewMac, link.Director.Ip($"-6 neigh show {Server}"), StringComparison.Ordinal);
    }

    /// <summary>The daemon uses the entry, as the kernel does. Health checks and the doctor find out whether it is
    /// right.</summary>
    [Theory]
    [InlineData(Server)]
    [InlineData("10.9.0.11")]
    public void A_permanent_neighbour_entry_stays_and_is_followed(string server)
    {
        using var link = new PointToPointLink(["10.9.0.2/24", Director + "/64"], ["10.9.0.11/24", Server + "/64"]);
        link.Watch([server]);
        link.WaitForMac(server, PointToPointLink.MacOf(link.Other));
        link.Director.Ip($"neigh replace {server} lladdr {NewMac} dev eth0 nud permanent");
        link.WaitForMac(server, NewMac);
        // Several rounds of requests, whose replies all have another address.
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(2))
        {
            Assert.Contains($"{NewMac} PERMANENT", link.Director.Ip($"neigh show {server}"), StringComparison.Ordinal);
            Thread.Sleep(50);
        }
        Assert.Equal(NewMac, link.Current.Servers[VrfAddress.Parse(server)].Neighbour.ToString());
        link.Director.Ip($"neigh del {server} dev eth0");
        link.WaitForMac(server, PointToPointLink.MacOf(link.Other));
    }

    [Fact]
    public void A_server_behind_a_router_is_reached_through_the_router()
    {
        using var link = new PointToPointLink([Director + "/64"], ["2001:db8:9::1/64", "2001:db8:77::1/128"]);
        link.Director.Ip("-6 route add 2001:db8:77::/64 via 2001:db8:9::1");
        link.Watch(["2001:db8:77::1"]);
        link.WaitForMac("2001:db8:77::1", PointToPointLink.MacOf(link.Other));
        Assert.True(link.Current.Servers[VrfAddress.Parse("2001:db8:77::1")].ViaRouter);
    }

    [Fact]
    public void A_router_known_by_its_link_local_address_is_found()
    {
        using var link = new PointToPointLink([Director + "/64"], []);
        link.Other.Ip("address add fe80::1/64 dev eth0 nodad");
        link.Director.Ip("-6 route add 2001:db8:77::/64 via fe80::1 dev eth0");
        link.Watch(["2001:db8:77::1"]);
        link.WaitForMac("2001:db8:77::1", PointToPointLink.MacOf(link.Other));
    }

    [Fact]
    public void An_IPv4_server_behind_an_IPv6_router_is_reached_through_the_router()
    {
        using var link = new PointToPointLink(["10.9.0.2/24", Director + "/64"], []);
        link.Other.Ip("address add fe80::1/64 dev eth0 nodad");
        link.Director.Ip("route add 10.77.0.0/24 via inet6 fe80::1 dev eth0");
        link.Watch(["10.77.0.1"]);
        link.WaitForMac("10.77.0.1", PointToPointLink.MacOf(link.Other));
        Assert.True(link.Current.Servers[VrfAddress.Parse("10.77.0.1")].ViaRouter);
    }

    [Theory]
    [InlineData("10.77.0.1", "route replace 10.77.0.0/24 via 10.9.0.1")]
    [InlineData("2001:db8:77::1", "-6 route replace 2001:db8:77::/64 via 2001:db8:9::1")]
    public void The_MTU_of_a_route_is_followed(string server, string route)
    {
        using var link = new PointToPointLink(
            ["10.9.0.2/24", Director + "/64"], ["10.9.0.1/24", "2001:db8:9::1/64"]);
        link.Director.Ip(route + " mtu 1400");
        link.Watch([server]);
        link.WaitForMac(server, PointToPointLink.MacOf(link.Other));
        Assert.Equal(1400, MtuOf(link, server));
        link.Director.Ip(route + " mtu lock 1300");
        Eventually.True(() => MtuOf(link, server) == 1300, link.Describe);
        link.Director.Ip(route);
        Eventually.True(() => MtuOf(link, server) == 1500, link.Describe);
    }

    /// <summary>The kernel reports no event when it learns a path MTU, or when that expires.</summary>
    [Theory]
    [InlineData("10.77.0.1", "10.77.0.0/24", "10.9.0.1", "ipv4/ip_forward")]
    [InlineData("2001:db8:77::1", "2001:db8:77::/64", "2001:db8:9::1", "ipv6/conf/all/forwarding")]
    public void A_path_MTU_that_the_kernel_learned_does_not_replace_that_of_the_route(
        string server, string prefix, string router, string forwarding)
    {
        using var link = new PointToPointLink(
            ["10.9.0.2/24", Director + "/64"], ["10.9.0.1/24", "2001:db8:9::1/64"]);
        Lan.SetSysctl(link.Other, forwarding, 1);
        link.Other.Ip("link add narrow mtu 1300 up type veth peer name far");
        link.Other.Ip("link set far up");
        link.Other.Ip($"route add {prefix} dev narrow");
        link.Director.Ip($"route add {prefix} via {router} mtu 1400");
        Eventually.True(() =>
        {
            link.Director.Try("ping", "-c", "1", "-W", "1", "-M", "do", "-s", "1340", server);
            return link.Director.Ip($"route get {server}").Contains("mtu 1300", StringComparison.Ordinal);
        }, () => "the kernel learns no path MTU: " + link.Director.Ip($"route get {server}"));
        link.Watch([server]);
        link.WaitForMac(server, PointToPointLink.MacOf(link.Other));
        Assert.Equal(1400, MtuOf(link, server));
    }

    private static int? MtuOf(PointToPointLink link, string server) =>
        link.Current.Servers.GetValueOrDefault(VrfAddress.Parse(server))?.Egress.MtuBytes;

    [Fact]
    public void A_changed_route_is_followed()
    {
        using var link = new PointToPointLink([Director + "/64"], ["2001:db8:9::1/64"]);
        link.Watch(["2001:db8:77::1"]);
        link.WaitUntilUnresolved("2001:db8:77::1", "no route");
        link.Director.Ip("-6 route add 2001:db8:77::/64 via 2001:db8:9::1");
        link.WaitForMac("2001:db8:77::1", PointToPointLink.MacOf(link.Other));
    }

    [Fact]
    public void Without_an_IPv6_address_the_reason_is_reported()
    {
        using var link = new PointToPointLink(["10.9.0.2/24"], []);
        link.Director.Ip("-6 route add 2001:db8:9::/64 dev eth0");
        link.Watch([Server, "fe80::5"]);
        link.WaitUntilUnresolved(Server, "interface 'eth0' has no IPv6 address");
        link.WaitUntilUnresolved("fe80::5", "give the server's global address");
        link.Director.Ip($"-6 address add {Director}/64 dev eth0 nodad");
        link.WaitUntilUnresolved(Server, "does not answer neighbour solicitation on 'eth0'");
        link.Other.Ip($"-6 address add {Server}/64 dev eth0 nodad");
        link.WaitForMac(Server, PointToPointLink.MacOf(link.Other));
    }

    /// <summary>A deprecated address is for existing connections only (RFC 4862 section 5.5.4), a temporary one lasts
    /// a day (RFC 8981), and a tentative one may be a duplicate.</summary>
    [Fact]
    public void A_deprecated_address_is_not_used_and_a_permanent_one_is_preferred()
    {
        using var link = new PointToPointLink([], []);
        link.Director.Ip("-6 address add 2001:db8:9::d/64 dev eth0 nodad preferred_lft 0");
        link.Watch([]);
        Assert.Null(Assert.Single(link.Current.Interfaces).Address6);
        link.Director.Ip("-6 address add 2001:db8:9::a/64 dev eth0 nodad valid_lft 1000 preferred_lft 900");
        Eventually.True(() =>
            Equals(IPAddress.Parse("2001:db8:9::a"), link.Current.Interfaces[0].Address6), link.Describe);
        link.Director.Ip("-6 address add 2001:db8:9::f/64 dev eth0 nodad");
        Eventually.True(() =>
            Equals(IPAddress.Parse("2001:db8:9::f"), link.Current.Interfaces[0].Address6), link.Describe);
    }

    [Theory]
    [InlineData("10.9.0.2")]
    [InlineData(Director)]
    public void A_server_on_the_director_itself_is_local(string address)
    {
        using var link = new PointToPointLink(["10.9.0.2/24", Director + "/64"], []);
        link.Watch([address]);
        var nextHop = Assert.Single(link.Current.Servers).Value;
        Assert.True(nextHop.IsLocal);
        Assert.Equal(("eth0", PointToPointLink.MacOf(link.Director)),
            (nextHop.Egress.Name, nextHop.Neighbour.ToString()));
    }

    [Theory]
    [InlineData("10.9.7.7/32")]
    [InlineData("2001:db8:7::7/128")]
    public void A_server_on_the_directors_loopback_uses_the_directors_interface(string address)
    {
        using var link = new PointToPointLink(["10.9.0.2/24", Director + "/64"], []);
        link.Director.Ip($"address add {address} dev lo");
        link.Watch([address.Split('/')[0]]);
        var nextHop = Assert.Single(link.Current.Servers).Value;
        Assert.True(nextHop.IsLocal);
        Assert.Equal("eth0", nextHop.Egress.Name);
    }

    [Fact]
    public void Peer_directors_are_found_and_followed_and_the_directors_own_address_is_skipped()
    {
        using var link = new PointToPointLink(["10.9.0.2/24", Director + "/64"], ["10.9.0.3/24", "2001:db8:9::3/64"]);
        link.Director.Ip("route add 10.77.0.0/24 via 10.9.0.3");
        link.Watch([], "10.9.0.2", "10.9.0.3", Director, "2001:db8:9::3", "10.9.0.4", "10.77.0.1");
        void Until(string mac) => Eventually.True(
            () => link.Current.Peers.Count == 2 && link.Current.Peers.Values.All(m => m.ToString() == mac),
            () => string.Join("; ", link.Current.Peers) + string.Join("; ", link.Current.UnresolvedPeers));
        Until(PointToPointLink.MacOf(link.Other));
        Assert.Equal(["10.77.0.1", "10.9.0.4"], link.Current.UnresolvedPeers.Keys.Select(static a => a.ToString())
            .Order(StringComparer.Ordinal));
        Assert.Contains("behind the router", link.Current.UnresolvedPeers[VrfAddress.Parse("10.77.0.1")],
            StringComparison.Ordinal);
        Assert.Empty(link.Current.Unresolved);

        link.Other.Ip($"link set dev eth0 address {NewMac}");
        Until(NewMac);
    }
}
