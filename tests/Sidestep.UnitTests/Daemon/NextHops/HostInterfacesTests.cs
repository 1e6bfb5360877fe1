using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class HostInterfacesTests
{
    private readonly FakeNetwork _network = new FakeNetwork().Link(1, "lo", FakeNetwork.Loopback, 65536).Link(2, "eth0")
        .Link(3, "eth1", mtu: 9000).Link(4, "tun0", hardware: 65534);

    [Fact]
    public void Directors_Ethernet_interfaces_are_used_with_MTU_and_addresses()
    {
        _network.Address(3, "10.0.1.3").Address(3, "2001:db8:1::3");
        var eth1 = Assert.Single(Read("eth1", "gone0").Used);
        Assert.Equal((3, "eth1", 9000), (eth1.Index, eth1.Name, eth1.MtuBytes));
        Assert.Equal((IPAddress.Parse("10.0.1.3"), IPAddress.Parse("2001:db8:1::3")), (eth1.Address, eth1.Address6));
        Assert.Equal(new MacAddress(0x0200_0000_0003), eth1.Mac);
    }

    [Fact]
    public void First_primary_IPv4_address_is_the_interfaces_address()
    {
        _network.Address(2, "10.0.0.9", isSecondary: true).Address(2, "10.0.0.2").Address(2, "10.0.0.3");
        Assert.Equal(IPAddress.Parse("10.0.0.2"), Read("eth0").Find(2)!.Address);
    }

    [Fact]
    public void Interface_without_addresses_has_none()
    {
        var eth0 = Read("eth0").Find(2)!;
        Assert.Null(eth0.Address);
        Assert.Null(eth0.Address6);
    }

    [Fact]
    public void Permanent_global_address_is_preferred_and_unsuitable_ones_are_never_used()
    {
        _network.Address(2, "fe80::2", AddressScope.Link).Address(2, "2001:db8::dad", isUsable: false)
            .Address(2, "2001:db8::aa", isSecondary: true).Address(2, "2001:db8::51ac", isPermanent: false);
        Assert.Equal(IPAddress.Parse("2001:db8::51ac"), Read("eth0").Find(2)!.Address6);
        _network.Address(2, "2001:db8::2");
        Assert.Equal(IPAddress.Parse("2001:db8::2"), Read("eth0").Find(2)!.Address6);
    }

    [Fact]
    public void Reason_says_why_a_routes_interface_is_not_used()
    {
        var host = Read("eth0", "tun0");
        Assert.Equal("the route leaves by 'eth1', which is not one of node.interfaces", host.UnusableReason(3));
        Assert.Equal("interface 'tun0' is not Ethernet", host.UnusableReason(4));
        Assert.Equal("the route's interface is gone", host.UnusableReason(9));
        Assert.Null(host.Find(3));
        Assert.Null(host.Find(4));
    }

    [Fact]
    public void Owner_is_the_interface_with_the_address_or_else_the_first()
    {
        _network.Address(1, "203.0.113.1").Address(3, "10.0.1.3");
        var host = Read("eth0", "eth1");
        Assert.Equal("eth1", host.Owner(IPAddress.Parse("10.0.1.3"))!.Name);
        Assert.Equal("eth0", host.Owner(IPAddress.Parse("203.0.113.1"))!.Name);
        Assert.Null(Read("gone0").Owner(IPAddress.Parse("10.0.1.3")));
    }

    [Fact]
    public void Source_is_of_the_neighbours_family_and_link_local_for_IPv6()
    {
        _network.Address(2, "10.0.0.2").Address(2, "2001:db8::2");
        var host = Read("eth0");
        var eth0 = host.Find(2)!;
        Assert.Equal(IPAddress.Parse("10.0.0.2"), host.SourceFor(eth0, IPAddress.Parse("10.0.0.11")));
        Assert.Equal(IPAddress.Parse("2001:db8::2"), host.SourceFor(eth0, IPAddress.Parse("2001:db8::11")));

        _network.Address(2, "fe80::dad", AddressScope.Link, isUsable: false).Address(2, "fe80::2", AddressScope.Link);
        host = Read("eth0");
        Assert.Equal(IPAddress.Parse("fe80::2"), host.SourceFor(host.Find(2)!, IPAddress.Parse("2001:db8::11")));
    }

    [Theory]
    [InlineData("2001:db8::3", "2001:db8::3")]
    [InlineData("2001:db8::aa", "2001:db8::2")]
    [InlineData("2001:db8::ff", "2001:db8::2")]
    [InlineData(null, "2001:db8::2")]
    public void Routes_source_replaces_the_IPv6_address_if_it_is_a_lasting_one(string? source, string expected)
    {
        _network.Address(2, "2001:db8::2").Address(2, "2001:db8::3").Address(2, "2001:db8::aa", isSecondary: true);
        var host = Read("eth0");
        var route = new Route(2, null, false) { Source = source is null ? null : IPAddress.Parse(source) };
        Assert.Equal(IPAddress.Parse(expected), host.ForRoute(host.Find(2)!, route).Address6);
    }

    [Theory]
    [InlineData(null, 1500)]
    [InlineData(1400, 1400)]
    [InlineData(9000, 1500)]
    public void Smaller_MTU_of_a_route_replaces_that_of_the_interface(int? mtu, int expected)
    {
        var host = Read("eth0");
        Assert.Equal(expected, host.ForRoute(host.Find(2)!, new Route(2, null, false) { MtuBytes = mtu }).MtuBytes);
        Assert.Equal(1500, Assert.Single(host.Used).MtuBytes);
    }

    private HostInterfaces Read(params string[] names) => HostInterfaces.Read(_network, names);
}
