using System.Net;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Agent.Host;

public sealed class HostInventoryTests
{
    private readonly FakeKernel _kernel = new();

    [Fact]
    public void Interfaces_are_found_by_index()
    {
        var host = _kernel.Inventory();
        Assert.Equal(FakeKernel.Lo, host.Loopback);
        Assert.Equal(("eth1", "interface 9"), (host.NameOf(FakeKernel.Eth1), host.NameOf(9)));
        Assert.Equal((true, false, false),
            (host.IsLoopback(FakeKernel.Lo), host.IsLoopback(FakeKernel.Eth0), host.IsLoopback(9)));
        Assert.Equal([FakeKernel.Eth0], host.DefaultRouteInterfaces);
    }

    [Fact]
    public void A_VIP_is_present_only_on_lo_with_the_longest_prefix()
    {
        var vip = IPAddress.Parse(TestSpec.Vip);
        _kernel.Addresses.Add(new InterfaceAddress(FakeKernel.Eth0, vip, 32, AddressScope.Universe));
        _kernel.Addresses.Add(new InterfaceAddress(FakeKernel.Lo, vip, 24, AddressScope.Universe));
        Assert.Null(_kernel.Inventory().OnLoopback(vip));
        Assert.False(_kernel.Inventory().HasVip(PrefixText.OfHost(vip)));
        _kernel.AddVip(vip);
        Assert.Equal((32, AddressScope.Host),
            (_kernel.Inventory().OnLoopback(vip)!.PrefixLength, _kernel.Inventory().OnLoopback(vip)!.Scope));
        Assert.True(_kernel.Inventory().HasVip(PrefixText.OfHost(vip)));
        Assert.Null(_kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.OtherVip)));
    }

    [Fact]
    public void A_prefix_of_VIPs_is_present_when_it_is_local()
    {
        var prefix = IPNetwork.Parse("203.0.113.0/24");
        _kernel.Addresses.Add(new InterfaceAddress(FakeKernel.Lo, prefix.BaseAddress, 24, AddressScope.Universe));
        Assert.False(_kernel.Inventory().HasVip(prefix));
        _kernel.AddLocalPrefix(prefix);
        Assert.True(_kernel.Inventory().HasVip(prefix));
    }

    [Fact]
    public void Outer_destinations_are_the_servers_own_addresses_on_ingress_interfaces_and_lo()
    {
        _kernel.AddVip(IPAddress.Parse(TestSpec.Vip));
        _kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Lo, IPAddress.Parse("192.0.2.7"), 32, AddressScope.Universe));
        _kernel.Addresses.Add(new InterfaceAddress(FakeKernel.Lo, IPAddress.IPv6Loopback, 128, AddressScope.Host));
        _kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Eth0, IPAddress.Parse("10.0.1.3"), 32, AddressScope.Universe));
        var host = _kernel.Inventory();
        Assert.Equal(["10.0.1.3", "2001:db8:1::3", "192.0.2.7"],
            host.OuterDestinations([host.Interfaces[1]], TestSpec.Networks("203.0.113.0/24"))
                .Select(static a => a.ToString()));
        Assert.Contains(IPAddress.Parse(TestSpec.Vip), host.OuterDestinations([], []));
    }
}
