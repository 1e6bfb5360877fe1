using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Agent.Input;

public sealed class DesiredStateReaderTests
{
    private readonly FakeKernel _kernel = new();
    private readonly List<Problem> _problems = [];

    [Fact]
    public void Layer_2_needs_no_programs_sources_or_MSS()
    {
        var desired = Read(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip, TestSpec.Vip6)))!;
        Assert.Equal([new DesiredVip(PrefixText.Parse(TestSpec.Vip), 0),
            new DesiredVip(PrefixText.Parse(TestSpec.Vip6), 0)], desired.Vips);
        Assert.Equal((EncapsulationFlags.None, false), (desired.Encapsulations, desired.Programs));
        Assert.Empty(desired.Sources);
        Assert.Empty(desired.At(Hook.Ingress));
        Assert.Empty(desired.At(Hook.Egress));
        Assert.Equal(7, desired.Spec.Revision);
    }

    [Fact]
    public void A_running_agent_attaches_programs_at_layer_2_too()
    {
        var desired = Read(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)), programs: true)!;
        Assert.Equal(["eth0"], desired.At(Hook.Ingress).Select(static i => i.Name));
        Assert.Equal(EncapsulationFlags.None, desired.Encapsulations);
    }

    [Fact]
    public void Layer_3_gives_encapsulations_ports_and_sources_of_all_services()
    {
        var desired = Read(TestSpec.Of(
            TestSpec.Layer2("203.0.113.1") with { OuterSources = [IPNetwork.Parse("192.0.2.0/24")] },
            TestSpec.Layer3("gue", "203.0.113.2") with { OuterSources = [IPNetwork.Parse("198.18.0.0/15")] },
            TestSpec.Layer3("gue", "203.0.113.3") with
            {
                GuePort = 6090,
                OuterSources = [IPNetwork.Parse("198.18.0.0/15")]
            },
            TestSpec.Layer3("gre", "203.0.113.4"),
            TestSpec.Layer3("ipip", "203.0.113.5") with { Encapsulation = null }))!;
        Assert.Equal(EncapsulationFlags.IpIp | EncapsulationFlags.Gre | EncapsulationFlags.Gue, desired.Encapsulations);
        Assert.Equal([6080, 6090], desired.GuePorts);
        Assert.Equal(TestSpec.Networks(TestSpec.Director, "198.18.0.0/15"), desired.Sources);
        Assert.True(desired.Programs);
    }

    /// <summary>Encapsulation, outer family, MTU of eth0: MSS of IPv4 and IPv6 (RFC 6691).</summary>
    [Theory]
    [InlineData("ipip", false, 1500, 1440, 1420)]
    [InlineData("gue", true, 1500, 1408, 1388)]
    [InlineData("gre", false, 9000, 8936, 8916)]
    [InlineData("ipip", false, 70, 10, 0)]
    [InlineData("ipip", false, 0, 0, 0)]
    public void The_MSS_follows_from_the_MTU_of_the_interface(string encapsulation, bool outerIPv6, int mtu, int mss4,
        int mss6)
    {
        _kernel.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "eth0", mtu: mtu);
        var spec = TestSpec.Of(TestSpec.Layer3(encapsulation, TestSpec.Vip, TestSpec.Vip6)) with
        {
            Directors = [IPAddress.Parse(outerIPv6 ? TestSpec.Director6 : TestSpec.Director)],
        };
        Assert.Equal([mss4, mss6], Read(spec)!.Vips.Select(static v => v.Mss));
    }

    [Fact]
    public void The_address_of_the_server_decides_the_outer_family_before_the_directors_do()
    {
        var service = TestSpec.Layer3("ipip", TestSpec.Vip);
        var spec = TestSpec.Of(service) with
        {
            Directors = [IPAddress.Parse(TestSpec.Director), IPAddress.Parse(TestSpec.Director6)],
        };
        Assert.Equal(1420, Read(spec)!.Vips[0].Mss);
        Assert.Equal(1440,
            Read(spec with { Services = [service with { Server = IPAddress.Parse("10.0.1.3") }] })!.Vips[0].Mss);
        Assert.Equal(1420, Read(TestSpec.Of(service with { Server = IPAddress.Parse("2001:db8:1::3") }))!.Vips[0].Mss);
        Assert.Equal(1420,
            Read(TestSpec.Of(service with { OuterSources = [IPNetwork.Parse("2001:db8:5::/64")] }))!.Vips[0].Mss);
    }

    [Fact]
    public void The_smallest_MTU_of_several_interfaces_counts()
    {
        _kernel.Interfaces[2] = FakeKernel.Ethernet(FakeKernel.Eth1, "eth1", mtu: 1400);
        Assert.Equal(1340,
            Read(TestSpec.Of(TestSpec.Layer3("ipip", TestSpec.Vip)), interfaces: ["eth0", "eth1"])!.Vips[0].Mss);
    }

    [Fact]
    public void A_path_MTU_in_the_spec_replaces_that_of_the_interface()
    {
        var service = TestSpec.Layer3("ipip", TestSpec.Vip, TestSpec.Vip6) with
        {
            PathMtu = new PathMtu(1400, 20, 1340, 1320),
        };
        Assert.Equal([1340, 1320], Read(TestSpec.Of(service))!.Vips.Select(static v => v.Mss));
    }

    [Fact]
    public void A_VIP_of_several_services_gets_the_smallest_limit()
    {
        var small = TestSpec.Layer3("ipip", TestSpec.Vip) with { PathMtu = new PathMtu(1400, 20, 1340, 1320) };
        var large = small with { PathMtu = new PathMtu(1500, 20, 1440, 1420) };
        foreach (var services in new[] { new[] { small, large }, [large, small],
            [TestSpec.Layer2(TestSpec.Vip), small], [small, TestSpec.Layer2(TestSpec.Vip)] })
            Assert.Equal([new DesiredVip(PrefixText.Parse(TestSpec.Vip), 1340)], Read(TestSpec.Of(services))!.Vips);
    }

    [Fact]
    public void Other_interfaces_with_a_default_route_get_the_egress_program()
    {
        _kernel.DefaultRoutes.Add(new DefaultRouteInfo(AddressFamily.InterNetwork, FakeKernel.Eth1, null));
        _kernel.Interfaces.Add(FakeKernel.Ethernet(4, "eth2", flags: 0));
        _kernel.DefaultRoutes.Add(new DefaultRouteInfo(AddressFamily.InterNetwork, 4, null));
        _kernel.Interfaces.Add(new InterfaceInfo(5, "tun0", FakeKernel.Up, 65534));
        _kernel.DefaultRoutes.Add(new DefaultRouteInfo(AddressFamily.InterNetwork, 5, null));
        var desired = Read(TestSpec.Of(TestSpec.Layer3("ipip", TestSpec.Vip)), interfaces: ["eth0"])!;
        Assert.Equal(["eth1"], desired.EgressInterfaces.Select(static i => i.Name));
        Assert.Equal(["eth0"], desired.At(Hook.Ingress).Select(static i => i.Name));
        Assert.Equal(["eth0", "eth1"], desired.At(Hook.Egress).Select(static i => i.Name));
    }

    [Theory]
    [InlineData("l4", null, null, "error: service www: dsr l4: is not a type of DSR")]
    [InlineData("l3", "vxlan", null,
        "error: service www: encapsulation vxlan: is not an encapsulation that this agent knows")]
    [InlineData("l3", "gue", 0, "error: service www: guePort 0: is not a port")]
    [InlineData("l3", "gue", 65536, "error: service www: guePort 65536: is not a port")]
    public void A_service_with_an_unknown_value_is_a_problem(string dsr, string? encapsulation, int? port,
        string expected)
    {
        var service = TestSpec.Layer2(TestSpec.Vip) with { Dsr = dsr, Encapsulation = encapsulation, GuePort = port };
        Assert.Null(Read(TestSpec.Of(service)));
        Assert.StartsWith(expected, Assert.Single(_problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Valid_values_at_the_limits_are_accepted()
    {
        foreach (var port in new[] { 1, 65535 })
            Assert.Equal([port],
                Read(TestSpec.Of(TestSpec.Layer3("gue", TestSpec.Vip) with { GuePort = port }))!.GuePorts);
    }

    [Fact]
    public void A_service_without_VIPs_is_a_problem()
    {
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer2())));
        Assert.Equal("error: service www: vips: is missing\n       Name at least one VIP.",
            Assert.Single(_problems).ToString());
    }

    [Fact]
    public void More_than_eight_ports_of_GUE_are_a_problem()
    {
        ServiceSpec[] Services(int count) =>
            [.. Enumerable.Range(0, count)
            .Select(static i => TestSpec.Layer3("gue", TestSpec.Vip) with { GuePort = 6080 + i })];
        Assert.Equal(8, Read(TestSpec.Of(Services(8)))!.GuePorts.Count);
        Assert.Null(Read(TestSpec.Of(Services(9))));
        Assert.Equal("has 9 different ports, and at most 8 are possible", Assert.Single(_problems).Reason);
    }

    [Fact]
    public void Layer_3_without_any_source_is_a_problem()
    {
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer3("ipip", TestSpec.Vip)) with { Directors = [] }));
        Assert.StartsWith("error: --director: is missing", Assert.Single(_problems).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Earlier_problems_suppress_the_checks_that_would_repeat_them()
    {
        _problems.Add(new Problem("--vip", "x", "is wrong", "Correct it."));
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer3("vxlan")) with { Directors = [] }, interfaces: ["eth9"]));
        Assert.Equal(["--vip", "--interface"], _problems.Select(static p => p.Option));
    }

    [Fact]
    public void A_VIP_that_is_not_unicast_is_a_problem()
    {
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer2("224.0.0.1", TestSpec.Vip))));
        Assert.Equal(
            "error: --vip 224.0.0.1: is a multicast address\n       Give a unicast address that clients and servers "
            + "can reach.",
            Assert.Single(_problems).ToString());
    }

    [Fact]
    public void An_IPv6_VIP_needs_a_kernel_with_IPv6()
    {
        _kernel.HasIPv6 = false;
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip, TestSpec.Vip6))));
        Assert.Equal((TestSpec.Vip6, "is an IPv6 address, and this kernel has no IPv6"),
            (Assert.Single(_problems).Value, _problems[0].Reason));
    }

    [Theory]
    [InlineData(TestSpec.Vip, 32, "ARP requests")]
    [InlineData(TestSpec.Vip6, 128, "neighbour solicitations")]
    public void Before_a_change_a_VIP_on_an_interface_is_a_problem(string vip, int length, string protocol)
    {
        _kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Eth0, IPAddress.Parse(vip), length, AddressScope.Universe));
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer2(vip)), beforeChange: true));
        Assert.Equal(
            $"is an address of eth0, where the server would answer {protocol} for it in place of the director",
            Assert.Single(_problems).Reason);
        Assert.EndsWith($"ip address del {vip}/{length} dev eth0", _problems[0].Remedy, StringComparison.Ordinal);
        _problems.Clear();
        Assert.NotNull(Read(TestSpec.Of(TestSpec.Layer2(vip)), beforeChange: false));
    }

    [Fact]
    public void Before_a_change_a_VIP_on_lo_must_have_the_longest_prefix()
    {
        _kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Lo, IPAddress.Parse(TestSpec.OtherVip), 32, AddressScope.Universe));
        _kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Lo, IPAddress.Parse(TestSpec.Vip), 24, AddressScope.Universe));
        Assert.NotNull(Read(TestSpec.Of(TestSpec.Layer2(TestSpec.OtherVip)), beforeChange: true));
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)), beforeChange: true));
        Assert.Equal("is on lo as /24, which makes every address of that network local to this server",
            Assert.Single(_problems).Reason);
        Assert.Equal($"Remove it: ip address del {TestSpec.Vip}/24 dev lo", _problems[0].Remedy);
    }

    /// <summary>It becomes a local route: the server would lose its own network, and its router.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_prefix_of_VIPs_contains_neither_an_address_of_an_interface_nor_the_gateway(bool beforeChange)
    {
        _kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Eth0, IPAddress.Parse("203.0.113.7"), 24, AddressScope.Universe));
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer2("203.0.113.0/24")), beforeChange));
        Assert.Equal("contains 203.0.113.7, the address of eth0: the server would take the packets for hosts of its "
            + "own network", Assert.Single(_problems).Reason);
        _problems.Clear();

        _kernel.DefaultRoutes.Add(new DefaultRouteInfo(AddressFamily.InterNetwork, FakeKernel.Eth0,
            IPAddress.Parse("203.0.113.1")));
        Assert.Null(Read(TestSpec.Of(TestSpec.Layer2("203.0.113.0/30")), beforeChange));
        Assert.Equal("contains 203.0.113.1, the gateway on eth0: the server would take the packets that it has for its "
            + "router", Assert.Single(_problems).Reason);
        _problems.Clear();

        Assert.NotNull(Read(TestSpec.Of(TestSpec.Layer2("203.0.113.128/25")), beforeChange));
    }

    /// <summary>A VIP of its own beside a prefix that contains it.</summary>
    [Fact]
    public void A_prefix_of_VIPs_may_contain_a_VIP_on_lo()
    {
        _kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Lo, IPAddress.Parse("203.0.113.7"), 32, AddressScope.Universe));
        Assert.NotNull(Read(TestSpec.Of(TestSpec.Layer2("203.0.113.0/24", "203.0.113.7")), beforeChange: true));
    }

    [Fact]
    public void A_director_can_be_neither_a_VIP_nor_at_layer_3_the_server_itself()
    {
        var directors =
            TestSpec.Of(TestSpec.Layer3("ipip", "203.0.113.0/24")) with
            {
                Directors =
            [IPAddress.Parse("203.0.113.9"), IPAddress.Parse("10.0.1.3")]
            };
        Assert.Null(Read(directors));
        Assert.Equal(
            ["--director 203.0.113.9 is one of the VIPs", "--director 10.0.1.3 is an address of this server (eth0)"],
            _problems.Select(static p => $"{p.Option} {p.Value} {p.Reason}"));
        _problems.Clear();
        Assert.NotNull(
            Read(TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)) with { Directors = [IPAddress.Parse("10.0.1.3")] }));
    }

    private DesiredState? Read(ServerSpec spec, bool programs = false, bool beforeChange = false,
        string[]? interfaces = null) =>
        DesiredStateReader.Read(spec, interfaces ?? [], programs, _kernel.Inventory(), beforeChange, _problems);
}
