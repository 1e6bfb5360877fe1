using System.Net;
using System.Net.Sockets;
using Sidestep.Engine.Managed.Drivers;

namespace Sidestep.UnitTests.EngineManaged;

/// <summary>The record of blackhole routes and rules, by which a process adopts or removes those of an earlier
/// one.</summary>
public sealed class BlackholeSetTests
{
    private static readonly IPNetwork Four = IPNetwork.Parse("203.0.113.1/32");
    private static readonly IPNetwork OtherFour = IPNetwork.Parse("198.51.100.0/24");
    private static readonly IPNetwork Six = IPNetwork.Parse("2001:db8::/64");

    [Fact]
    public void Every_interface_has_a_rule_for_each_family_of_the_VIPs()
    {
        var set = BlackholeSet.Of([Four, OtherFour, Six], ["eth0", "eth1"]);
        Assert.Equal([Four, OtherFour, Six], set.Routes);
        Assert.Equal(
        [
            ("eth0", AddressFamily.InterNetwork), ("eth0", AddressFamily.InterNetworkV6),
            ("eth1", AddressFamily.InterNetwork), ("eth1", AddressFamily.InterNetworkV6),
        ], set.Rules.Order());
    }

    [Fact]
    public void Family_without_a_VIP_has_no_rule() =>
        Assert.Equal([("eth0", AddressFamily.InterNetworkV6)], BlackholeSet.Of([Six], ["eth0"]).Rules);

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "eth0", true)] // without VIPs there is no family
    [InlineData("203.0.113.1/32", "", false)]
    public void Set_is_empty_without_routes_and_rules(string vip, string name, bool isEmpty) => Assert.Equal(isEmpty,
        BlackholeSet.Of(vip.Length > 0 ? [IPNetwork.Parse(vip)] : [], name.Length > 0 ? [name] : []).IsEmpty);

    [Fact]
    public void Rule_alone_makes_a_set_not_empty() =>
        Assert.False(BlackholeSet.Parse(["interface eth0 InterNetwork"]).IsEmpty);

    [Fact]
    public void Text_is_one_line_per_route_and_rule() => Assert.Equal(
        ["vip 203.0.113.1/32", "vip 2001:db8::/64", "interface eth0 InterNetwork", "interface eth0 InterNetworkV6"],
        BlackholeSet.Of([Four, Six], ["eth0"]).ToLines());

    [Fact]
    public void Text_is_read_back()
    {
        var set = BlackholeSet.Of([Four, OtherFour, Six], ["eth0", "bond0.100"]);
        Assert.True(set.SetEquals(BlackholeSet.Parse(set.ToLines())));
        Assert.True(BlackholeSet.Empty.SetEquals(BlackholeSet.Parse(BlackholeSet.Empty.ToLines())));
    }

    [Theory]
    [InlineData("")]
    [InlineData("vip")]
    [InlineData("vip 203.0.113.1/33")]
    [InlineData("vip 203.0.113.1/32 more")]
    [InlineData("interface eth0")]
    [InlineData("interface eth0 Unix")]
    [InlineData("interface eth0 2")]
    [InlineData("route 203.0.113.1/32")]
    [InlineData("VIP 203.0.113.1/32")]
    public void Line_of_another_form_is_ignored(string line)
    {
        var set = BlackholeSet.Parse([line, "vip 203.0.113.1/32"]);
        Assert.Equal([Four], set.Routes);
        Assert.Empty(set.Rules);
    }

    [Fact]
    public void Difference_has_what_only_the_first_set_has()
    {
        var both = BlackholeSet.Of([Four, Six], ["eth0", "eth1"]);
        var difference = both.Except(BlackholeSet.Of([Six], ["eth1"]));
        Assert.Equal([Four], difference.Routes);
        Assert.Equal(
        [
            ("eth0", AddressFamily.InterNetwork), ("eth0", AddressFamily.InterNetworkV6),
                ("eth1", AddressFamily.InterNetwork),
        ], difference.Rules.Order());
        Assert.True(both.Except(both).IsEmpty);
    }

    [Fact]
    public void Union_has_what_either_set_has()
    {
        var union = BlackholeSet.Of([Four], ["eth0"]).Union(BlackholeSet.Of([Six], ["eth1"]));
        Assert.Equal(
            ["vip 203.0.113.1/32", "vip 2001:db8::/64", "interface eth0 InterNetwork", "interface eth1 InterNetworkV6"],
            union.ToLines());
    }

    [Fact]
    public void Sets_differ_by_a_route_or_a_rule()
    {
        var set = BlackholeSet.Of([Four], ["eth0"]);
        Assert.True(set.SetEquals(BlackholeSet.Of([Four], ["eth0"])));
        Assert.False(set.SetEquals(BlackholeSet.Of([OtherFour], ["eth0"])));
        Assert.False(set.SetEquals(BlackholeSet.Of([Four], ["eth1"])));
        Assert.False(set.SetEquals(BlackholeSet.Empty));
    }
}
