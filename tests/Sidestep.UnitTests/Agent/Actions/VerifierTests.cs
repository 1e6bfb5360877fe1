using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Agent.Actions;

/// <summary>Every single fault of a host that was configured correctly, and the condition that shows it.</summary>
public sealed class VerifierTests : ActionFixture
{
    [Fact]
    public void Every_condition_of_a_correct_host_is_listed_in_order()
    {
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.Vip6] });
        var result = Verify();
        Assert.Empty(Wrong(result));
        Assert.Equal(
        [
            $"vip {TestSpec.Vip}: /32 on lo | /32 on lo only", $"vip {TestSpec.Vip6}: /128 on lo | /128 on lo only",
            $"neighbour-suppression {TestSpec.Vip6}: suppressed | suppressed", "device-up eth0: up | up",
            "arp-ignore eth0: 1 (all 1, eth0 1) | 1 (or 2)", "arp-announce eth0: 2 (all 2, eth0 2) | 2",
            "rp-filter eth0: 2 (all 0, eth0 2) | 2 (loose) or 0 (off)",
                "proxy-arp eth0: proxy_arp 0, proxy_arp_pvlan 0 | 0, 0", "arp-filter eth0: 0 | any",
            "decapsulation eth0: decapsulate new-ingress | decapsulate new-ingress",
            $"decapsulation-vips eth0: 2001:db8:113::10(mss 1420) 203.0.113.10(mss 1440) | 2001:db8:113::10(mss 1420) "
                + $"203.0.113.10(mss 1440)",
            "decapsulation-sources eth0: 10.0.1.2 | 10.0.1.2",
                "decapsulation-addresses eth0: 10.0.1.3 2001:db8:1::3 | 10.0.1.3 2001:db8:1::3",
            "decapsulation eth0: ipip | ipip", "programs eth0: reply new-egress | reply new-egress",
            $"mss-clamp {TestSpec.Vip}: at most 1440 | at most 1440",
                $"mss-clamp {TestSpec.Vip6}: at most 1420 | at most 1420",
            "default-route IPv4: via 10.0.1.1 dev eth0 | a route to every client",
                "default-route IPv6: none | a route to every client",
            "persistence : nothing survives a restart of the host | files, or the agent as a service",
        ], result.Conditions.Select(static c => $"{c.Name} {c.Subject}: {c.Found} | {c.Expected}"));
        Assert.Equal(["default-route IPv6", "persistence"], Notes(result));
    }

    private static readonly (string Name, Action<FakeKernel> Fault, string Condition, string Found,
        string Remedy)[] Faults =
    [
        ("no VIP", static k => k.Addresses.RemoveAll(static a => a.PrefixLength == 32), $"vip {TestSpec.Vip}",
            "absent", "apply"),
        ("no IPv6 VIP", static k => k.Addresses.RemoveAll(static a => a.PrefixLength == 128), $"vip {TestSpec.Vip6}",
            "absent", "apply"),
        ("VIP as a network on lo",
            static k => k.Addresses.Add(new(FakeKernel.Lo, IPAddress.Parse(TestSpec.Vip), 24, AddressScope.Universe)),
            $"vip {TestSpec.Vip}", "/32 on lo, /24 on lo", $"Remove it: ip address del {TestSpec.Vip}/24 dev lo"),
        ("VIP on eth1",
            static k =>
            k.Addresses.Add(new(FakeKernel.Eth1, IPAddress.Parse(TestSpec.Vip), 32, AddressScope.Universe)),
            $"vip {TestSpec.Vip}", "/32 on lo, /32 on eth1", $"Remove it: ip address del {TestSpec.Vip}/32 dev eth1"),
        ("no local prefix", static k => k.LocalPrefixes.Clear(), "vip 198.51.100.0/24", "absent", "apply"),
        ("arp_ignore", static k => k.Set("arp_ignore", 0), "arp-ignore eth0", "0 (all 0, eth0 0)", "apply"),
        ("arp_announce", static k => k.Set("arp_announce", 1), "arp-announce eth0", "1 (all 1, eth0 1)", "apply"),
        ("strict on all and eth0", static k => k.Set("rp_filter", 1), "rp-filter eth0", "1 (all 1, eth0 1)", "apply"),
        ("proxy_arp", static k => k.Sysctls["net/ipv4/conf/all/proxy_arp"] = 1, "proxy-arp eth0",
            "proxy_arp 1, proxy_arp_pvlan 0", "net/ipv4/conf/all/proxy_arp=0 net/ipv4/conf/eth0/proxy_arp=0"),
        ("proxy_arp_pvlan", static k => k.Sysctls["net/ipv4/conf/eth0/proxy_arp_pvlan"] = 1, "proxy-arp eth0",
            "proxy_arp 0, proxy_arp_pvlan 1",
            "net/ipv4/conf/all/proxy_arp_pvlan=0 net/ipv4/conf/eth0/proxy_arp_pvlan=0"),
        ("eth0 down", static k => k.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "eth0", flags: 0),
            "device-up eth0", "down", "Run: ip link set eth0 up"),
        ("lo down", static k => k.Interfaces[0] = new(FakeKernel.Lo, "lo", FakeKernel.Loopback, 772), "device-up lo",
            "down", "Run: ip link set lo up"),
        ("IPv6 off on eth0", static k => k.Sysctls["net/ipv6/conf/eth0/disable_ipv6"] = 1, "device-up eth0",
            "IPv6 is disabled", "sysctl -w net/ipv6/conf/eth0/disable_ipv6=0"),
        ("new address",
            static k => k.Addresses.Add(new(FakeKernel.Eth0, IPAddress.Parse("10.0.1.4"), 24, AddressScope.Universe)),
            "decapsulation-addresses eth0", "10.0.1.3 2001:db8:1::3", "apply"),
        ("egress filter gone", static k => k.TcFilters[(FakeKernel.Eth0, Hook.Egress)].Clear(), "programs eth0",
            "none", "apply"),
        ("foreign egress filter", static k => k.Replace(Hook.Egress), "programs eth0", "bpf other:[1] pref 213",
            "Remove the filter of the other program"),
        ("other version at ingress", static k => k.Loaded[1] = k.Loaded[1] with { Tag = "old" }, "decapsulation eth0",
            "decapsulate old", "another version of the agent"),
        ("other version at egress", static k => k.Loaded[2] = k.Loaded[2] with { Tag = "old" }, "programs eth0",
            "reply old", "another version of the agent"),
        ("filter on eth1", static k => k.FiltersAt(FakeKernel.Eth1, Hook.Ingress)
            .Add(k.FiltersAt(FakeKernel.Eth0, Hook.Ingress)[0]), "decapsulation eth1", "bpf decapsulate:[1] pref 213",
            "'sidestep-agent remove'"),
        ("filter at egress of eth1", static k => k.FiltersAt(FakeKernel.Eth1, Hook.Egress)
            .Add(k.FiltersAt(FakeKernel.Eth0, Hook.Egress)[0]), "programs eth1", "bpf reply:[2] pref 213",
            "'sidestep-agent remove'"),
        ("settings", static k => k.Maps().Write(AgentMaps.SettingsOf(EncapsulationFlags.Gre, [])),
            "decapsulation eth0", "gre", "apply"),
        ("sources", static k => k.Maps().WriteSources([]), "decapsulation-sources eth0", "", "apply"),
        ("VIPs", static k => k.Maps().WriteVips([]), "decapsulation-vips eth0", "", "apply"),
    ];

    public static TheoryData<string> FaultNames => [.. Faults.Select(static f => f.Name)];

    [Theory]
    [MemberData(nameof(FaultNames))]
    public void Each_fault_fails_its_condition(string name)
    {
        var (_, fault, condition, found, remedy) = Faults.Single(f => f.Name == name);
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.Vip6, "198.51.100.0/24"] });
        fault(Kernel);
        var wrong = Verify().Conditions.Where(static c => c.Status == ConditionStatus.Wrong && c.Name != "mss-clamp")
            .ToList();
        Assert.Equal($"{name}: {condition}: {found}",
            $"{name}: {string.Join(", ", wrong.Select(static c => $"{c.Name} {c.Subject}: {c.Found}"))}");
        Assert.Contains(remedy == "apply" ? "Run 'sidestep-agent apply' again." : remedy, wrong[0].Remedy,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_egress_program_the_MSS_has_no_limit()
    {
        Apply(Layer3);
        Kernel.TcFilters[(FakeKernel.Eth0, Hook.Egress)].Clear();
        var clamp = Verify().Conditions.Single(static c => c.Name == "mss-clamp");
        Assert.Equal((ConditionStatus.Wrong, "no limit on eth0", "at most 1440"),
            (clamp.Status, clamp.Found, clamp.Expected));
    }

    [Fact]
    public void Without_the_ingress_program_its_maps_are_not_checked()
    {
        Apply(Layer3);
        Kernel.TcFilters[(FakeKernel.Eth0, Hook.Ingress)].Clear();
        var result = Verify();
        Assert.Equal(["decapsulation eth0"], Wrong(result));
        Assert.Null(result.Counters);
        Assert.DoesNotContain(result.Conditions, static c => c.Name == "decapsulation-sources");
    }

    [Fact]
    public void A_program_without_all_maps_has_no_counters()
    {
        Apply(Layer3);
        Kernel.Loaded[1] = Kernel.Loaded[1] with { Maps = null };
        Assert.Null(Verify().Counters);
    }

    [Fact]
    public void Counters_and_traffic_come_from_the_maps()
    {
        Apply(Layer3 with { Interfaces = ["eth0", "eth1"] });
        var values = default(AgentMaps.CounterValues);
        values[(int)PacketCounter.Decapsulated] = 5;
        Kernel.Maps()[AgentMaps.CountersName].Update(0, values);
        Kernel.Maps()[AgentMaps.VipCountersName].Update(0, new VipCounters { Syn = 3, SynAck = 2, Reset = 1 });
        var result = Verify();
        Assert.Equal(5ul, result.Counters![PacketCounter.Decapsulated]);
        Assert.Equal([new VipTraffic(IPAddress.Parse(TestSpec.Vip), 3, 2, 1)], result.Traffic);
    }

    [Theory]
    [InlineData(2, ConditionStatus.Ok)]
    [InlineData(8, ConditionStatus.Ok)]
    [InlineData(3, ConditionStatus.Ok)]
    [InlineData(4, ConditionStatus.Wrong)]
    public void The_larger_value_of_all_and_interface_counts(int all, ConditionStatus expected)
    {
        Apply(Layer2);
        Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"] = all;
        Assert.Equal(expected,
            Verify().Conditions.Single(static c => c is { Name: "arp-ignore", Subject: "eth0" }).Status);
    }

    [Fact]
    public void A_value_of_all_that_does_not_serve_is_noted_for_later_interfaces()
    {
        Apply(Layer2);
        Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"] = 0;
        Kernel.Sysctls["net/ipv4/conf/all/arp_announce"] = 1;
        var result = Verify();
        Assert.Empty(Wrong(result));
        Assert.Equal(["arp-ignore all", "arp-announce all"], Notes(result)[..2]);
        Assert.Equal("Interfaces that appear later are not covered. Run 'sidestep-agent apply' again.",
            result.Conditions.First(static c => c.Subject == "all").Remedy);
    }

    [Fact]
    public void Missing_sysctls_count_as_zero()
    {
        Apply(Layer2);
        foreach (var name in Kernel.Sysctls.Keys.ToList())
            Kernel.Sysctls.Remove(name);
        Assert.Equal(["arp-ignore eth0", "arp-announce eth0"], Wrong(Verify()));
    }

    [Fact]
    public void Forwarding_is_noted_and_not_wrong()
    {
        Apply(Layer2);
        Kernel.Sysctls["net/ipv4/conf/all/forwarding"] = 1;
        Assert.Contains("forwarding eth0", Notes(Verify()));
    }

    [Fact]
    public void Earlier_filters_in_the_chain_of_the_agents_are_noted()
    {
        Apply(Layer3);
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 212, 1);
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 214, 1);
        Kernel.FiltersAt(FakeKernel.Eth0, Hook.Ingress)
            .Add(new TcFilter(new Sidestep.Native.TcFilterPosition(1, 1), "u32") { Chain = 1 });
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 5, 1, "", "matchall");
        Assert.Equal(["bpf other:[1] pref 212", "matchall pref 5"],
            Verify().Conditions.Where(static c => c.Name == "earlier-filter").Select(static c => c.Found));
    }

    [Theory]
    [InlineData(FakeKernel.Eth0, "proxied on eth0")]
    [InlineData(0, "proxied on every interface")]
    public void A_proxied_IPv6_VIP_is_wrong_at_layer_2_and_suppressed_by_the_program(int index, string found)
    {
        Apply(Layer2 with { Vips = [TestSpec.Vip6] });
        Kernel.Proxies.Add((index, IPAddress.Parse(TestSpec.Vip6)));
        Kernel.Proxies.Add((FakeKernel.Eth0, IPAddress.Parse("2001:db8::99")));
        var condition = Verify().Conditions.Single(static c => c.Name == "neighbour-suppression");
        Assert.Equal((ConditionStatus.Wrong, found), (condition.Status, condition.Found));
        Apply(Layer3 with { Vips = [TestSpec.Vip6] });
        condition = Verify().Conditions.Single(static c => c.Name == "neighbour-suppression");
        Assert.Equal((ConditionStatus.Ok, found + ", suppressed by the agent's program"),
            (condition.Status, condition.Found));
        Kernel.TcFilters[(FakeKernel.Eth0, Hook.Ingress)].Clear();
        Assert.Contains($"neighbour-suppression {TestSpec.Vip6}", Wrong(Verify()));
    }

    [Fact]
    public void An_IPv6_VIP_on_an_interface_is_advertised_by_the_kernel()
    {
        Apply(Layer2 with { Vips = [TestSpec.Vip6] });
        Kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Eth1, IPAddress.Parse(TestSpec.Vip6), 128, AddressScope.Universe));
        Kernel.Proxies.Add((FakeKernel.Eth0, IPAddress.Parse(TestSpec.Vip6)));
        Assert.Equal("proxied on eth0, on eth1",
            Verify().Conditions.Single(static c => c.Name == "neighbour-suppression").Found);
    }

    [Fact]
    public void Without_IPv6_on_lo_the_VIP_names_the_sysctl()
    {
        Apply(Layer2 with { Vips = [TestSpec.Vip, TestSpec.Vip6] });
        Kernel.LoopbackHasIPv6 = false;
        var condition = Verify().Conditions.Single(static c => c.Status == ConditionStatus.Wrong);
        Assert.Equal(($"vip {TestSpec.Vip6}", "absent: IPv6 is disabled on lo"),
            ($"{condition.Name} {condition.Subject}", condition.Found));
        Assert.StartsWith("Run: sysctl -w net/ipv6/conf/lo/disable_ipv6=0", condition.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_families_with_a_VIP_need_a_default_route()
    {
        Kernel.DefaultRoutes.Add(new DefaultRouteInfo(AddressFamily.InterNetwork, FakeKernel.Eth1, null));
        Kernel.DefaultRoutes.Add(
            new DefaultRouteInfo(AddressFamily.InterNetworkV6, FakeKernel.Eth1, IPAddress.Parse("fe80::1")));
        Apply(Layer2);
        Assert.Equal(["IPv4: via 10.0.1.1 dev eth0, dev eth1"], Routes());
        Apply(Layer2 with { Vips = [TestSpec.Vip6] });
        Assert.Equal(["IPv6: via fe80::1 dev eth1"], Routes());

        string[] Routes() =>
            [.. Verify().Conditions.Where(static c => c.Name == "default-route")
            .Select(static c => $"{c.Subject}: {c.Found}")];
    }

    [Fact]
    public void Options_are_verified_against_the_host_without_a_state()
    {
        var result = Verify(Layer2);
        Assert.Contains($"vip {TestSpec.Vip}", Wrong(result));
        Assert.Empty(Kernel.Changes);
        Assert.Empty(State.Files);
    }

    [Fact]
    public void Without_options_and_state_there_is_nothing_to_verify() =>
        Assert.Equal("is missing, and nothing is applied in this network namespace",
            Assert.Single(Assert.Throws<ProblemsException>(() => Verify()).Problems).Reason);

    [Fact]
    public void Verify_needs_BPF_only_for_programs()
    {
        Apply(Layer2);
        Platform.Privileges = new HostPrivileges(false, false, false);
        Verify();
        Assert.Equal(["CAP_SYS_ADMIN", "libbpf.so.1"],
            Assert.Throws<ProblemsException>(() => Verify(Layer3)).Problems.Select(static p => p.Option));
    }

    [Fact]
    public void An_interface_that_is_gone_is_wrong_and_the_rest_is_verified()
    {
        Apply(Layer2 with { Interfaces = ["eth0", "eth1"] });
        Kernel.Interfaces.RemoveAt(2);
        var result = Verify();
        Assert.Equal(["device-up index 3"], Wrong(result));
        Assert.Contains(result.Conditions, static c => c is { Name: "device-up", Subject: "eth0" });
    }

    [Fact]
    public void Invalid_options_are_problems() =>
        Assert.Throws<ProblemsException>(() => Verify(Layer2 with { Vips = ["x"] }));
}

/// <summary>What a fault does to the fake kernel.</summary>
file static class Fault
{
    public static void Set(this FakeKernel kernel, string key, int value)
    {
        foreach (var scope in new[] { "all", "eth0" })
            kernel.Sysctls[$"net/ipv4/conf/{scope}/{key}"] = value;
    }

    public static void Replace(this FakeKernel kernel, Hook hook)
    {
        kernel.TcFilters[(FakeKernel.Eth0, hook)].Clear();
        kernel.AddForeignFilter(FakeKernel.Eth0, hook, 213, 0x51de);
    }

    public static AgentMaps Maps(this FakeKernel kernel) => kernel.Loaded[1].OpenMaps()!;
}
