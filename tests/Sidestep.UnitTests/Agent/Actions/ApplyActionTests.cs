using System.Net;
using Sidestep.Agent;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Agent.Actions;

public sealed class ApplyActionTests : ActionFixture
{
    [Fact]
    public void Layer_2_sets_sysctls_before_it_adds_addresses()
    {
        var result = Apply(Layer2 with { Vips = [TestSpec.Vip, TestSpec.Vip6, "198.51.100.0/24"] });
        Assert.Equal(
        [
            "net/ipv4/conf/all/arp_ignore=1", "net/ipv4/conf/all/arp_announce=2", "net/ipv4/conf/eth0/arp_ignore=1",
            "net/ipv4/conf/eth0/arp_announce=2", "net/ipv4/conf/eth0/rp_filter=2",
            $"add {TestSpec.Vip}", $"add {TestSpec.Vip6}", "add 198.51.100.0/24",
        ], Kernel.Changes);
        Assert.Equal(
        [
            "interface eth0: named by --interface",
            "net/ipv4/conf/all/arp_ignore: 0 -> 1", "net/ipv4/conf/all/arp_announce: 0 -> 2",
                "net/ipv4/conf/eth0/arp_ignore: 0 -> 1",
            "net/ipv4/conf/eth0/arp_announce: 0 -> 2", "net/ipv4/conf/eth0/rp_filter: 0 -> 2",
            $"{TestSpec.Vip}: added to lo as /32, scope host",
            $"{TestSpec.Vip6}: added to lo as /128, deprecated, without duplicate address detection",
            "198.51.100.0/24: made local through lo",
        ], Log);
        Assert.True(result.IsHealthy, string.Join(", ", Wrong(result)));
    }

    [Fact]
    public void Layer_3_writes_the_maps_before_it_attaches_the_programs()
    {
        Kernel.DefaultRoutes.Add(
            new DefaultRouteInfo(System.Net.Sockets.AddressFamily.InterNetwork, FakeKernel.Eth1, null));
        var result = Apply(Layer3 with { OuterSources = ["198.18.0.0/15"] });
        Assert.Equal(["add qdisc 2", "attach 2 Ingress", "attach 2 Egress", "add qdisc 3", "attach 3 Egress"],
            Kernel.Changes[^5..]);
        using var maps = Kernel.Loaded[1].OpenMaps()!;
        Assert.Equal(["10.0.1.2", "198.18.0.0/15"], maps.Sources());
        Assert.Equal(["10.0.1.3", "2001:db8:1::3"], maps.Addresses());
        Assert.Equal([new DesiredVip(PrefixText.Parse(TestSpec.Vip), 1440)], maps.Vips());
        Assert.Equal("ipip", maps.SettingsText);
        Assert.True(result.IsHealthy, string.Join(", ", Wrong(result)));
        // Map entries follow from the spec: only what the agent changes on the host is logged.
        Assert.Equal(["eth0: filter decapsulate attached", "eth0: filter reply attached",
            "eth1: filter reply attached"], Log[^3..]);
    }

    [Fact]
    public void A_second_apply_of_the_same_changes_nothing()
    {
        Apply(Layer3);
        Apply(Layer3);
        Assert.Empty(Kernel.Changes);
    }

    [Fact]
    public void Programs_of_another_version_are_replaced_on_the_same_maps()
    {
        Apply(Layer3);
        var maps = Kernel.Loaded[1].Maps;
        Kernel.Tag = "newer";
        Apply(Layer3);
        Assert.Equal(["replace 2 Ingress", "replace 2 Egress"], Kernel.Changes);
        Assert.Same(maps, Kernel.Loaded[3].Maps);
    }

    [Fact]
    public void The_state_lists_what_was_there_before()
    {
        Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"] = 2;
        Kernel.Sysctls["net/ipv4/conf/eth0/rp_filter"] = 1;
        Kernel.Sysctls.Remove("net/ipv4/conf/eth0/arp_announce");
        AddToLo(TestSpec.OtherVip, 32);
        Kernel.Qdiscs[FakeKernel.Eth0] = "clsact";
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.OtherVip] });
        var state = LoadState();
        Assert.Equal(
            [new SysctlRecord(0, "all", "arp_announce", 0, 2), new SysctlRecord(2, "eth0", "arp_ignore", 0, 1),
            new SysctlRecord(2, "eth0", "rp_filter", 1, 2)], state.Sysctls);
        Assert.Equal([new AddressRecord(TestSpec.Vip, false), new AddressRecord(TestSpec.OtherVip, true)],
            state.Addresses);
        Assert.Equal([new QdiscRecord(2, true)], state.Qdiscs);
        Assert.Equal([2], state.Interfaces);
        Assert.True(state.Programs);
        Assert.Equal(2, Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"]);
    }

    [Fact]
    public void The_previous_state_stays_over_a_second_apply()
    {
        Apply(Layer3);
        var before = LoadState();
        Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"] = 0;
        Apply(Layer3);
        Assert.Equal(before.Sysctls, LoadState().Sysctls);
        Assert.Equal(before.Addresses, LoadState().Addresses);
        Assert.Equal(before.Qdiscs, LoadState().Qdiscs);
    }

    [Fact]
    public void The_state_is_saved_before_the_first_change()
    {
        Kernel.Rejects = static c => c.StartsWith("net/", StringComparison.Ordinal)
            ? new AgentException("cannot set", "Remedy.") : null;
        Assert.Throws<AgentException>(() => Apply(Layer2));
        Assert.Equal(5, LoadState().Sysctls.Count);
        Assert.Single(LoadState().Addresses);
        Assert.Empty(Kernel.Changes);
    }

    [Fact]
    public void Programs_that_the_kernel_rejects_change_nothing()
    {
        Kernel.Rejects = static c => c == "load" ? new NativeException("bpf_object__load", 22) : null;
        Assert.Throws<NativeException>(() => Apply(Layer3));
        Assert.Empty(Kernel.Changes);
        Assert.Null(LoadState());
    }

    [Fact]
    public void What_a_later_apply_does_not_name_is_reverted()
    {
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.OtherVip], Interfaces = ["eth0", "eth1"] });
        Apply(Layer2);
        Assert.Equal(
        [
            "detach 2 Ingress", "detach 2 Egress", "detach 3 Ingress", "detach 3 Egress", "remove qdisc 2",
                "remove qdisc 3", $"remove {TestSpec.OtherVip}/32",
            "net/ipv4/conf/eth1/arp_ignore=0", "net/ipv4/conf/eth1/arp_announce=0", "net/ipv4/conf/eth1/rp_filter=0",
        ], Kernel.Changes);
        var state = LoadState();
        Assert.Empty(state.Qdiscs);
        Assert.Equal([new AddressRecord(TestSpec.Vip, false)], state.Addresses);
        Assert.Equal([0, 2], state.Sysctls.Select(static s => s.InterfaceIndex).Distinct());
        Assert.False(state.Programs);
    }

    [Fact]
    public void Only_the_filters_of_an_interface_that_is_left_out_go()
    {
        Apply(Layer3 with { Interfaces = ["eth0", "eth1"] });
        Apply(Layer3);
        Assert.Equal(["detach 3 Ingress", "detach 3 Egress", "remove qdisc 3"],
            Kernel.Changes.Where(static c => !c.StartsWith("net/", StringComparison.Ordinal)));
        Assert.Equal([new QdiscRecord(2, false)], LoadState().Qdiscs);
    }

    [Fact]
    public void A_VIP_from_before_the_agent_becomes_an_ordinary_address_when_it_is_left_out()
    {
        AddToLo(TestSpec.OtherVip, 32);
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.OtherVip] });
        using var maps = Kernel.Loaded[1].OpenMaps()!;
        Assert.Equal(["10.0.1.3", "2001:db8:1::3"], maps.Addresses());
        Apply(Layer3);
        Assert.Equal(["10.0.1.3", "2001:db8:1::3", TestSpec.OtherVip], maps.Addresses());
        Assert.Contains($"{TestSpec.OtherVip}: stays on lo, because it existed before the agent", Log);
    }

    [Fact]
    public void Each_interface_is_logged_with_the_reason()
    {
        Apply(Layer2 with { Interfaces = [] });
        Assert.Equal("interface eth0: chosen, because it has the default route", Log[0]);
        Kernel.DefaultRoutes.Clear();
        Apply(Layer2 with { Interfaces = [] });
        Assert.Equal(["interface eth0: chosen, because it is up and there is no default route",
            "interface eth1: chosen, because it is up and there is no default route"], Log[..2]);
    }

    [Fact]
    public void Filters_of_other_programs_at_the_agents_place_are_problems()
    {
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 213, 0x51de, "drop:[1]");
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Egress, 213, 1, "", "u32");
        var error = Assert.Throws<ProblemsException>(() => Apply(Layer3));
        Assert.Equal(
        [
            "error: --interface eth0: has a filter of another program at the place of the agent's: bpf drop:[1] at "
                + "ingress pref 213 handle 0x51de\n       "
                + "Move that filter to another priority, or remove it: tc filter del dev eth0 ingress pref 213",
            "error: --interface eth0: has a filter of another program at the place of the agent's: u32  at egress pref "
                + "213 handle 0x1\n       "
                + "Move that filter to another priority, or remove it: tc filter del dev eth0 egress pref 213",
        ], error.Problems.Select(static p => p.ToString()));
        Assert.Empty(Kernel.Changes);
        Apply(Layer2);
    }

    [Fact]
    public void Everything_that_is_wrong_is_reported_together()
    {
        Platform.Privileges = new HostPrivileges(false, false, false);
        var error = Assert.Throws<ProblemsException>(() =>
            Apply(Layer3 with { Vips = ["x"], Interfaces = ["eth9"], Persist = true }));
        Assert.Equal(["--vip", "--interface", "CAP_NET_ADMIN", "CAP_SYS_ADMIN", "libbpf.so.1"],
            error.Problems.Select(static p => p.Option));
        Assert.Empty(State.Files);
    }

    [Fact]
    public void Layer_2_needs_no_BPF()
    {
        Platform.Privileges = new HostPrivileges(true, false, false);
        Apply(Layer2);
        var spec = State.Put("l3.json",
            """{ "directors": ["10.0.1.2"], "services": [ { "vips": ["203.0.113.10"], "dsr": "l3" } ] }""");
        var error = Assert.Throws<ProblemsException>(() =>
            Apply(new Request { SpecFile = spec, Interfaces = ["eth0"], StateDirectory = State.Path }));
        Assert.Equal(["CAP_SYS_ADMIN", "libbpf.so.1"], error.Problems.Select(static p => p.Option));
    }

    [Fact]
    public void An_invalid_spec_file_is_a_problem() =>
        Assert.Equal("--spec",
            Assert.Single(
            Assert.Throws<ProblemsException>(() =>
            Apply(new Request { SpecFile = "/none", StateDirectory = State.Path })).Problems).Option);

    [Fact]
    public void Persist_writes_files_and_records_the_sysctls()
    {
        Root.Put("etc/netplan/a.yaml");
        Apply(Layer2 with { Persist = true });
        Assert.Equal(["etc/netplan/60-sidestep.yaml", "etc/netplan/a.yaml", "etc/sysctl.d/60-sidestep.conf"],
            Root.Files);
        // After a restart of the host: the files have set the sysctls, the state of the old namespace is gone.
        foreach (var file in Directory.GetFiles(State.Path, "netns-*"))
            File.Delete(file);
        Apply(Layer2);
        Assert.Equal([("arp_ignore", 0), ("arp_announce", 0), ("arp_ignore", 0), ("arp_announce", 0), ("rp_filter", 0)],
            LoadState().Sysctls.Select(static s => (s.Key, s.Before)));
    }

    [Fact]
    public void Persist_without_a_network_manager_changes_nothing()
    {
        Assert.Throws<ProblemsException>(() => Apply(Layer2 with { Persist = true }));
        Assert.Empty(Kernel.Changes);
    }

    [Fact]
    public void A_running_agent_prevents_apply()
    {
        using var socket = new OperatorSocket(StateStore.SocketPath(State.Path), static _ => "{}", Log.Add);
        var error = Assert.Throws<AgentException>(() => Apply(Layer2));
        Assert.Equal("an agent is running in this network namespace and would revert the change", error.Message);
        Assert.Empty(Kernel.Changes);
    }

    [Fact]
    public void The_state_of_a_deleted_namespace_is_ignored_and_logged()
    {
        Apply(Layer2);
        var file = Directory.GetFiles(State.Path, "netns-*.json").Single();
        File.WriteAllText(file, """
            { "version": 2, "namespace": { "inode": 1, "cookie": 1, "bootId": "x" },
              "addresses": [ { "vip": "10.0.1.3", "existedBefore": false } ] }
            """);
        Apply(Layer2);
        Assert.Contains("the state file is ignored: it is of a network namespace that no longer exists", Log);
        Assert.DoesNotContain(LoadState().Addresses, static a => a.Vip == "10.0.1.3");
    }

    [Fact]
    public void An_arp_ignore_of_3_suffices_only_if_the_VIPs_have_scope_host()
    {
        Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"] = 3;
        Kernel.Sysctls["net/ipv4/conf/eth0/arp_ignore"] = 3;
        Apply(Layer2);
        Assert.Equal(3, Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"]);
        AddToLo(TestSpec.OtherVip, 32);
        Apply(Layer2 with { Vips = [TestSpec.Vip, TestSpec.OtherVip] });
        Assert.Equal((1, 1),
            (Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"], Kernel.Sysctls["net/ipv4/conf/eth0/arp_ignore"]));
    }

    [Fact]
    public void Without_IPv6_on_lo_no_IPv6_VIP_is_added()
    {
        Kernel.LoopbackHasIPv6 = false;
        var result = Apply(Layer2 with { Vips = [TestSpec.Vip, TestSpec.Vip6] });
        Assert.DoesNotContain($"add {TestSpec.Vip6}", Kernel.Changes);
        Assert.Equal([$"vip {TestSpec.Vip6}"], Wrong(result));
    }

    [Fact]
    public void An_old_qdisc_gets_no_egress_filter()
    {
        Kernel.Qdiscs[FakeKernel.Eth0] = "ingress";
        var result = Apply(Layer3);
        Assert.Equal(["attach 2 Ingress"],
            Kernel.Changes.Where(static c => c.Contains("tach", StringComparison.Ordinal)));
        Assert.Equal(["programs eth0", $"mss-clamp {TestSpec.Vip}"], Wrong(result));
        Assert.Contains("tc qdisc del dev eth0 ingress && tc qdisc add dev eth0 clsact",
            result.Conditions.Single(static c => c.Name == "programs").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void New_directors_and_addresses_reach_the_maps()
    {
        Apply(Layer3);
        Kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Eth0, IPAddress.Parse("10.0.1.4"), 24, AddressScope.Universe));
        Apply(Layer3 with { Directors = ["10.0.1.9"], Decapsulate = ["gue:6090"], Vips = [TestSpec.OtherVip] });
        using var maps = Kernel.Loaded[1].OpenMaps()!;
        Assert.Equal(["10.0.1.9"], maps.Sources());
        Assert.Equal(["10.0.1.3", "10.0.1.4", "2001:db8:1::3"], maps.Addresses());
        Assert.Equal("gue:6090", maps.SettingsText);
        Assert.Equal([TestSpec.OtherVip], maps.Vips().Select(static v => v.ToString()));
    }
}
