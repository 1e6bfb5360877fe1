using System.Net;
using System.Net.Sockets;
using Sidestep.Native.Netlink;
using static Sidestep.UnitTests.Native.NetlinkBytes;

namespace Sidestep.UnitTests.Native;

/// <summary>Messages about routes and rules: struct rtmsg, struct fib_rule_hdr and their attributes.</summary>
public sealed class RouteMessageTests
{
    private const int NewRoute = 24, DeleteRoute = 25, NewRule = 32, DeleteRule = 33;
    private const int Replace = 0x100, Exclusive = 0x200, Create = 0x400;
    private const int Destination = 1, Output = 4, Gateway = 5, PreferredSource = 7, Metrics = 8;
    private const int Multipath = 9, CacheInfo = 12, Table = 15, FirewallMark = 16, Via = 18;
    private const byte Inet = 2, Inet6 = 10, Main = 254, Local = 255, ByKernel = 2, ByAdministrator = 4;
    private const byte Unicast = 1, LocalType = 2, Blackhole = 6, Link = 253, Host = 254;

    [Fact]
    public void Local_prefix_is_a_route_of_type_local_in_the_table_local() => Assert.Equal(
        Expected(NewRoute, Create | Exclusive, Route(Inet, 24, Local, ByAdministrator, Host, LocalType),
            Attribute(Destination, 203, 0, 113, 0), Attribute(Output, U32(1)), Attribute(Table, U32(255))),
        Sent(LocalPrefixes.Request(1, IPNetwork.Parse("203.0.113.0/24"), "add", NewRoute, Create | Exclusive)));

    [Fact]
    public void Route_on_the_link_names_table_prefix_and_interface() => Assert.Equal(
        Expected(NewRoute, Create | Exclusive, Route(Inet, 32, 0, ByAdministrator, Link, Unicast),
            Attribute(Destination, 203, 0, 113, 10), Attribute(Table, U32(5152)), Attribute(Output, U32(2))),
        Sent(LinkRoutes.AddRequest(5152, IPNetwork.Parse("203.0.113.10/32"), [2])));

    /// <summary>struct rtnexthop: length, flags, weight, interface.</summary>
    [Fact]
    public void Route_on_the_links_of_two_interfaces_has_two_next_hops() => Assert.Equal(
        Expected(NewRoute, Create | Exclusive, Route(Inet, 24, 0, ByAdministrator, Link, Unicast),
            Attribute(Destination, 203, 0, 113, 0), Attribute(Table, U32(5152)),
            Attribute(Multipath, [8, 0, 0, 0, .. U32(2), 8, 0, 0, 0, .. U32(3)])),
        Sent(LinkRoutes.AddRequest(5152, IPNetwork.Parse("203.0.113.0/24"), [2, 3])));

    /// <summary>The kernel validates the source of a packet by a look-up whose ingress interface is lo.</summary>
    [Fact]
    public void Rule_for_a_mark_may_name_an_ingress_interface() => Assert.Equal(
        Expected(NewRule, Create | Exclusive, [Inet, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            Attribute(6, U32(5152)), Attribute(10, U32(0)), Attribute(16, U32(0xff000000)), Attribute(15, U32(5152)),
            Attribute(3, Name("lo"))),
        Sent(PolicyRules.Request("add", NewRule, Create | Exclusive,
            new MarkRule(AddressFamily.InterNetwork, 5152, 0, 0xff000000, 5152) { Ingress = "lo" })));

    [Fact]
    public void Local_prefixes_that_the_kernel_created_are_not_listed()
    {
        var found = LocalPrefixes.Parse(
        [
            Received(NewRoute, Route(Inet, 32, Local, ByKernel, Host, LocalType), Attribute(Destination, 127, 0, 0, 1)),
            Received(NewRoute, Route(Inet, 24, Local, ByAdministrator, Host, LocalType),
                Attribute(Destination, 203, 0, 113, 0)),
            Received(NewRoute, Route(Inet, 24, Main, ByAdministrator, Host, LocalType),
                Attribute(Destination, 198, 51, 100, 0)),
            Received(
                NewRoute, Route(Inet, 24, Local, ByAdministrator, Host, Unicast), Attribute(Destination, 192, 0, 2, 0)),
            Received(NewRoute, Route(Inet, 0, Local, ByAdministrator, Host, LocalType)),
        ]);
        Assert.Equal([IPNetwork.Parse("203.0.113.0/24")], found);
    }

    [Fact]
    public void Blackhole_route_names_table_and_prefix()
    {
        var request = BlackholeTable.Route(
            "add blackhole route", NewRoute, Create | Replace, 5151, IPNetwork.Parse("2001:db8::/64"));
        Assert.Equal(
            Expected(NewRoute, Create | Replace, Route(Inet6, 64, 0, ByAdministrator, 0, Blackhole),
                Attribute(Destination, IPAddress.Parse("2001:db8::").GetAddressBytes()), Attribute(Table, U32(5151))),
            Sent(request));
        Assert.Equal("add blackhole route 2001:db8::/64", request.Purpose);
    }

    /// <summary>struct fib_rule_hdr: family, lengths, tos, table, reserved, action, flags.</summary>
    [Fact]
    public void Rule_for_an_interface_names_priority_interface_and_table() => Assert.Equal(
        Expected(NewRule, Create | Exclusive, [Inet, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
            Attribute(6, U32(100)), Attribute(3, Name("eth0")), Attribute(15, U32(5151))),
        Sent(BlackholeTable.Rule("add", NewRule, Create | Exclusive, AddressFamily.InterNetwork, 100, "eth0", 5151)));

    [Fact]
    public void Rule_for_a_mark_names_mark_and_mask()
    {
        var rule = new MarkRule(AddressFamily.InterNetworkV6, 99, 0x51000000, 0xff000000, 5150);
        var request = PolicyRules.Request("remove", DeleteRule, 0, rule);
        Assert.Equal(
            Expected(DeleteRule, 0, [Inet6, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
                Attribute(6, U32(99)), Attribute(10, U32(0x51000000)), Attribute(16, U32(0xff000000)),
                    Attribute(15, U32(5150))),
            Sent(request));
        Assert.Equal("remove rule for mark 0x51000000/0xff000000", request.Purpose);
    }

    [Fact]
    public void Default_route_through_a_gateway_is_on_the_link()
    {
        const uint OnLink = 4;
        Assert.Equal(
            Expected(DeleteRoute, 0, Route(Inet, 0, 0, ByAdministrator, 0, Unicast, OnLink),
                Attribute(Output, U32(3)), Attribute(Gateway, 169, 254, 0, 1), Attribute(Table, U32(5150))),
            Sent(DefaultGateways.Route("test", DeleteRoute, 0, 5150, 3, IPAddress.Parse("169.254.0.1"))));
    }

    [Fact]
    public void Route_has_egress_interface_gateway_and_source()
    {
        var route = Routes.Parse(Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast),
            Attribute(Output, U32(5)), Attribute(Gateway, 10, 0, 0, 1), Attribute(PreferredSource, 10, 0, 0, 9)));
        Assert.Equal((5, IPAddress.Parse("10.0.0.1"), false), (route.InterfaceIndex, route.Gateway, route.IsLocal));
        Assert.Equal(IPAddress.Parse("10.0.0.9"), route.Source);
    }

    [Fact]
    public void Route_on_the_link_has_no_gateway()
    {
        var route = Routes.Parse(Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast), Attribute(Output, U32(5))));
        Assert.Null(route.Gateway);
        Assert.Null(route.Source);
    }

    /// <summary>RTAX_LOCK (1) and RTAX_MTU (2) inside of RTA_METRICS, whose type may have the flag
    /// NLA_F_NESTED.</summary>
    [Theory]
    [InlineData(Metrics)]
    [InlineData(Metrics | 0x8000)]
    public void MTU_of_a_route_is_a_metric(int metrics)
    {
        var route = Routes.Parse(Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast), Attribute(Output, U32(5)),
            Attribute(metrics, [.. Attribute(1, U32(4)), .. Attribute(2, U32(1400))])));
        Assert.Equal(1400, route.MtuBytes);
    }

    [Fact]
    public void Route_without_the_metric_limits_nothing()
    {
        var route = Routes.Parse(Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast), Attribute(Output, U32(5)),
            Attribute(Metrics, Attribute(8, U32(1360)))));
        Assert.Null(route.MtuBytes);
    }

    /// <summary>struct rta_cacheinfo: clntref, lastuse, expires, error, id, ts, tsage. RTM_F_FIB_MATCH is
    /// 0x2000.</summary>
    [Fact]
    public void Learned_path_MTU_expires_and_the_route_itself_is_requested_by_a_flag()
    {
        NetlinkMessage Reply(int expires) => Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast),
            Attribute(CacheInfo, [.. U32(0), .. U32(0), .. U32(expires), .. new byte[16]]));
        Assert.True(Routes.Expires(Reply(59_000)));
        Assert.False(Routes.Expires(Reply(0)));
        Assert.False(Routes.Expires(Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast))));
        Assert.Equal(
            Expected(26, 0, Route(Inet, 32, 0, 0, 0, 0, 0x2000), Attribute(Destination, 192, 0, 2, 1),
                Attribute(FirewallMark, U32(0))),
            Sent(Routes.Request(IPAddress.Parse("192.0.2.1"), 0, fibMatch: true)));
    }

    /// <summary>struct rtvia: the family, then the address.</summary>
    [Fact]
    public void Gateway_of_the_other_family_is_read_from_RTA_VIA()
    {
        var router = IPAddress.Parse("fe80::1");
        var route = Routes.Parse(Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast),
            Attribute(Output, U32(5)), Attribute(Via, [.. U16(Inet6), .. router.GetAddressBytes()])));
        Assert.Equal(router, route.Gateway);
    }

    [Fact]
    public void Route_to_the_machine_itself_is_local() =>
        Assert.True(
            Routes.Parse(Received(NewRoute, Route(Inet, 32, Local, 0, 0, LocalType),
                Attribute(Output, U32(1)))).IsLocal);

    [Fact]
    public void Route_without_an_interface_has_index_0() =>
        Assert.Equal(0, Routes.Parse(Received(NewRoute, Route(Inet, 32, Main, 0, 0, Unicast))).InterfaceIndex);

    [Fact]
    public void Default_routes_of_the_main_table_are_found()
    {
        var found = DefaultRoutes.Parse(AddressFamily.InterNetwork,
        [
            Received(NewRoute, Route(Inet, 0, Main, 3, 0, Unicast), Attribute(Output, U32(2)),
                Attribute(Gateway, 10, 0, 0, 1)),
            Received(NewRoute, Route(Inet, 24, Main, 3, 0, Unicast), Attribute(Output, U32(3))),
            Received(NewRoute, Route(Inet, 0, 100, 3, 0, Unicast), Attribute(Output, U32(4))),
            Received(NewRoute, Route(Inet, 0, Main, 3, 0, Blackhole), Attribute(Output, U32(5))),
            Received(NewRoute, Route(Inet, 0, Main, 3, 0, Unicast), Attribute(Output, U32(6))),
        ]);
        Assert.Equal(
            [
                new DefaultRouteInfo(AddressFamily.InterNetwork, 2, IPAddress.Parse("10.0.0.1")),
                new DefaultRouteInfo(AddressFamily.InterNetwork, 6, null),
            ],
            found);
    }

    [Fact]
    public void Every_next_hop_of_a_multipath_route_is_found()
    {
        byte[] hops =
            [.. NextHop(2, Attribute(Gateway, 10, 0, 0, 1)), .. NextHop(3),
                .. NextHop(4, Attribute(Gateway, 10, 0, 0, 3))];
        var route = Received(NewRoute, Route(Inet, 0, Main, 3, 0, Unicast), Attribute(Multipath, hops));
        Assert.Equal(
            ["2 10.0.0.1", "3 ", "4 10.0.0.3"],
            DefaultRoutes.Parse(AddressFamily.InterNetwork, [route]).Select(
                static r => $"{r.InterfaceIndex} {r.Gateway}"));
        Assert.Equal([2, 3, 4], Interfaces.OutputsOfDefaultRoutes([route]).Order());
    }

    [Theory]
    [InlineData(7)] // shorter than struct rtnexthop
    [InlineData(60)] // longer than the attribute
    public void Next_hops_end_at_one_whose_length_is_wrong(int length)
    {
        var wrong = NextHop(3);
        U16(length).CopyTo(wrong, 0);
        var route = Received(
            NewRoute, Route(Inet, 0, Main, 3, 0, Unicast), Attribute(Multipath, [.. NextHop(2), .. wrong]));
        Assert.Equal(
            [2], DefaultRoutes.Parse(AddressFamily.InterNetwork, [route]).Select(static r => r.InterfaceIndex));
    }

    [Fact]
    public void Only_IPv4_unicast_default_routes_of_the_main_table_give_outputs()
    {
        var found = Interfaces.OutputsOfDefaultRoutes(
        [
            Received(NewRoute, Route(Inet, 0, Main, 3, 0, Unicast), Attribute(Output, U32(2))),
            Received(NewRoute, Route(Inet6, 0, Main, 3, 0, Unicast), Attribute(Output, U32(3))),
            Received(NewRoute, Route(Inet, 1, Main, 3, 0, Unicast), Attribute(Output, U32(4))),
            Received(NewRoute, Route(Inet, 0, Local, 3, 0, Unicast), Attribute(Output, U32(5))),
            Received(NewRoute, Route(Inet, 0, Main, 3, 0, Blackhole), Attribute(Output, U32(6))),
        ]);
        Assert.Equal([2], found);
    }

    /// <summary>RTMGRP_LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR and IPV6_ROUTE of linux/rtnetlink.h.</summary>
    [Fact]
    public void Event_groups_are_links_neighbours_addresses_and_routes() =>
        Assert.Equal(0x1u | 0x4 | 0x10 | 0x40 | 0x100 | 0x400, Routes.EventMulticastGroups);

    /// <summary>struct rtnexthop: length, flags, hops, interface; then attributes.</summary>
    private static byte[] NextHop(int index, params byte[] attributes) =>
        [.. U16(8 + attributes.Length), 0, 0, .. U32(index), .. attributes];
}
