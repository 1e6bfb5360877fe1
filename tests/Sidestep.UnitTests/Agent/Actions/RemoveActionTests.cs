using Sidestep.Agent;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Agent.Actions;

public sealed class RemoveActionTests : ActionFixture
{
    [Fact]
    public void Remove_restores_the_host_with_VIPs_before_sysctls()
    {
        var before = Snapshot();
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.Vip6, "198.51.100.0/24"] });
        Remove(new Request { StateDirectory = State.Path });
        Assert.Equal(before, Snapshot());
        Assert.Equal(
        [
            "detach 2 Ingress", "detach 2 Egress", "remove qdisc 2", $"remove {TestSpec.Vip}/32",
                $"remove {TestSpec.Vip6}/128", "remove 198.51.100.0/24",
            "net/ipv4/conf/eth0/rp_filter=0", "net/ipv4/conf/eth0/arp_announce=0", "net/ipv4/conf/eth0/arp_ignore=0",
            "net/ipv4/conf/all/arp_announce=0", "net/ipv4/conf/all/arp_ignore=0",
        ], Kernel.Changes);
        Assert.Equal(
        [
            "eth0: filter decapsulate removed", "eth0: filter reply removed", "eth0: qdisc clsact removed",
                $"{TestSpec.Vip}: removed from lo",
            $"{TestSpec.Vip6}: removed from lo", "198.51.100.0/24: no longer local through lo",
                "net/ipv4/conf/eth0/rp_filter: 2 -> 0",
        ], Log[..7]);
        Assert.Null(LoadState());
        Remove(new Request { StateDirectory = State.Path });
        Assert.Equal(["nothing to remove: nothing is applied in this network namespace"], Log);
    }

    [Fact]
    public void What_existed_before_the_agent_stays()
    {
        AddToLo(TestSpec.Vip, 32);
        Kernel.Qdiscs[FakeKernel.Eth0] = "clsact";
        Kernel.Sysctls["net/ipv4/conf/eth0/rp_filter"] = 1;
        var before = Snapshot();
        Apply(Layer3);
        Remove(new Request { StateDirectory = State.Path });
        Assert.Equal(before, Snapshot());
        Assert.Contains($"{TestSpec.Vip}: stays on lo, because it existed before the agent", Log);
    }

    [Fact]
    public void What_another_program_changed_since_stays_and_is_logged()
    {
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.Vip6] });
        Kernel.Sysctls["net/ipv4/conf/all/arp_announce"] = 1;
        Kernel.Sysctls["net/ipv4/conf/all/arp_ignore"] = 0;
        Kernel.Addresses.RemoveAll(static a => a.InterfaceIndex == FakeKernel.Lo && a.PrefixLength != 8);
        AddToLo(TestSpec.Vip, 32);
        AddToLo(TestSpec.Vip6, 128);
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Egress, 500, 1);
        Remove(new Request { StateDirectory = State.Path });
        Assert.Contains(
            "net/ipv4/conf/all/arp_announce: stays 1, because another program has changed it since (before: 0, set by "
            + "the agent: 2)", Log);
        Assert.DoesNotContain(Log, static l => l.Contains("all/arp_ignore", StringComparison.Ordinal));
        Assert.Contains("eth0: qdisc clsact not removed, because it holds filters of other programs", Log);
        foreach (var vip in new[] { TestSpec.Vip, TestSpec.Vip6 })
            Assert.Contains(
                $"{vip}: stays on lo, because another program has added it again since, as a possible source of the "
                + $"host's own connections", Log);
        Assert.DoesNotContain(Kernel.Changes, static c => c.StartsWith("remove ", StringComparison.Ordinal));
    }

    [Fact]
    public void An_address_or_qdisc_that_is_already_gone_is_no_error()
    {
        Apply(Layer3 with { Vips = [TestSpec.Vip, "198.51.100.0/24"] });
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        Kernel.LocalPrefixes.Clear();
        Kernel.Qdiscs.Clear();
        Kernel.TcFilters.Clear();
        Kernel.Sysctls.Remove("net/ipv4/conf/eth0/rp_filter");
        Remove(new Request { StateDirectory = State.Path });
        Assert.DoesNotContain(Kernel.Changes, static c => !c.StartsWith("net/", StringComparison.Ordinal));
        Assert.Equal(4, Kernel.Changes.Count);
    }

    [Fact]
    public void Another_kind_of_qdisc_is_not_removed()
    {
        Apply(Layer3);
        Kernel.Qdiscs[FakeKernel.Eth0] = "ingress";
        Remove(new Request { StateDirectory = State.Path });
        Assert.DoesNotContain("remove qdisc 2", Kernel.Changes);
    }

    [Fact]
    public void An_interface_that_is_gone_is_logged_and_a_renamed_one_is_restored()
    {
        Apply(Layer3 with { Interfaces = ["eth0", "eth1"] });
        Kernel.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "wan0");
        foreach (var key in new[] { "arp_ignore", "arp_announce", "rp_filter" })
            Kernel.Sysctls[$"net/ipv4/conf/wan0/{key}"] = Kernel.Sysctls[$"net/ipv4/conf/eth0/{key}"];
        Kernel.Interfaces.RemoveAt(2);
        Remove(new Request { StateDirectory = State.Path });
        Assert.Contains("eth1: no longer exists, so rp_filter cannot be restored", Log);
        Assert.Contains("net/ipv4/conf/wan0/rp_filter: 2 -> 0", Log);
        Assert.Contains("wan0: qdisc clsact removed", Log);
        Assert.DoesNotContain("remove qdisc 3", Kernel.Changes);
    }

    [Fact]
    public void Removing_one_VIP_leaves_the_rest()
    {
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.OtherVip, "198.51.100.0/24"] });
        Remove(new Request { StateDirectory = State.Path, Vips = [TestSpec.OtherVip, "198.51.100.0/24"] });
        Assert.Equal([$"remove {TestSpec.OtherVip}/32", "remove 198.51.100.0/24"], Kernel.Changes);
        using var maps = Kernel.Loaded[1].OpenMaps()!;
        Assert.Equal([TestSpec.Vip], maps.Vips().Select(static v => v.ToString()));
        Assert.Equal([new AddressRecord(TestSpec.Vip, false)], LoadState().Addresses);
        Assert.Equal(TestSpec.Networks(TestSpec.Vip), LoadState().Spec!.Services.Single().Vips);
        Assert.Contains(
            "files from --persist still name the removed VIPs: if there are any, run 'sidestep-agent apply --persist' "
            + "again", Log);
        Assert.Empty(Wrong(Verify()));
    }

    [Fact]
    public void A_service_without_remaining_VIPs_leaves_the_spec()
    {
        var spec = State.Put("spec.json", """
            { "services": [ { "name": "a", "vips": ["203.0.113.10"] }, { "name": "b", "vips": ["203.0.113.11"] } ] }
            """);
        Apply(new Request { SpecFile = spec, Interfaces = ["eth0"], StateDirectory = State.Path });
        Remove(new Request { StateDirectory = State.Path, Vips = [TestSpec.OtherVip] });
        Assert.Equal(["a"], LoadState().Spec!.Services.Select(static s => s.Name));
    }

    [Fact]
    public void A_VIP_from_before_the_agent_becomes_an_ordinary_address_when_it_is_removed()
    {
        AddToLo(TestSpec.OtherVip, 32);
        Apply(Layer3 with { Vips = [TestSpec.Vip, TestSpec.OtherVip] });
        Remove(new Request { StateDirectory = State.Path, Vips = [TestSpec.OtherVip] });
        using var maps = Kernel.Loaded[1].OpenMaps()!;
        Assert.Contains(TestSpec.OtherVip, maps.Addresses());
    }

    [Fact]
    public void Removing_the_last_VIP_removes_everything()
    {
        var before = Snapshot();
        Apply(Layer3);
        Remove(new Request { StateDirectory = State.Path, Vips = [TestSpec.Vip, TestSpec.OtherVip] });
        Assert.Equal(before, Snapshot());
        Assert.Equal([$"{TestSpec.OtherVip}: nothing to remove, it is not applied here",
            "no VIP remains: everything else is removed too"], Log[..2]);
    }

    [Fact]
    public void Removing_a_VIP_that_is_not_applied_changes_nothing()
    {
        Remove(new Request { StateDirectory = State.Path, Vips = [TestSpec.OtherVip] });
        Apply(Layer3);
        Remove(new Request { StateDirectory = State.Path, Vips = [TestSpec.OtherVip] });
        Assert.Empty(Kernel.Changes);
        Assert.Single(Log);
    }

    [Fact]
    public void Remove_deletes_files_the_last_spec_and_the_admin_state()
    {
        Root.Put("etc/netplan/a.yaml");
        Apply(Layer2 with { Persist = true });
        LastSpec.Write(State.Path, TestSpec.Of(TestSpec.Layer2(TestSpec.Vip)));
        StoredAdminState.Write(State.Path, "draining");
        Remove(Layer2 with { Vips = [] });
        Assert.Equal(["etc/netplan/a.yaml"], Root.Files);
        Assert.Equal(".lock", Path.GetExtension(Assert.Single(State.Files)));
    }

    [Fact]
    public void Without_a_state_file_only_the_filters_are_removed()
    {
        Apply(Layer3);
        foreach (var file in Directory.GetFiles(State.Path))
            File.Delete(file);
        Remove(new Request { StateDirectory = State.Path });
        Assert.Equal(["detach 2 Ingress", "detach 2 Egress"], Kernel.Changes);
        Assert.Equal("there is no state file: addresses, sysctls and qdiscs are not changed", Log[^1]);
    }

    [Fact]
    public void A_stale_state_file_is_deleted_and_not_believed()
    {
        Apply(Layer2);
        var file = Directory.GetFiles(State.Path, "netns-*.json").Single();
        File.WriteAllText(file, """
            { "version": 2, "namespace": { "inode": 1, "cookie": 1, "bootId": "x" },
              "addresses": [ { "vip": "203.0.113.10", "existedBefore": false } ] }
            """);
        Remove(new Request { StateDirectory = State.Path });
        Assert.Empty(Kernel.Changes);
        Assert.Equal(["the state file is of a network namespace that no longer exists: deleted"], Log);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void Files_without_a_state_are_reported()
    {
        Root.Put("etc/netplan/a.yaml");
        Apply(Layer2 with { Persist = true });
        foreach (var file in Directory.GetFiles(State.Path, "netns-*"))
            File.Delete(file);
        Remove(Layer2 with { Vips = [] });
        Assert.Equal("only the files from --persist existed", Log[^1]);
    }

    [Fact]
    public void Invalid_options_and_missing_rights_are_problems()
    {
        Platform.Privileges = new HostPrivileges(false, true, true);
        var error = Assert.Throws<ProblemsException>(() =>
            Remove(new Request { StateDirectory = State.Path, Vips = ["x"] }));
        Assert.Equal(["CAP_NET_ADMIN", "--vip"], error.Problems.Select(static p => p.Option));
        Platform.Privileges = new HostPrivileges(true, false, false);
        Remove(new Request { StateDirectory = State.Path });
    }

    [Fact]
    public void A_running_agent_prevents_remove()
    {
        Apply(Layer2);
        using var socket = new OperatorSocket(StateStore.SocketPath(State.Path), static _ => "{}", Log.Add);
        Assert.Throws<AgentException>(() => Remove(new Request { StateDirectory = State.Path }));
        Assert.Empty(Kernel.Changes);
    }

    [Fact]
    public void An_IPv6_VIP_that_is_tentative_or_deprecated_is_the_agents()
    {
        Apply(Layer2 with { Vips = [TestSpec.Vip6] });
        Assert.False(Kernel.Inventory().OnLoopback(System.Net.IPAddress.Parse(TestSpec.Vip6))!.IsUsable);
        Assert.Equal(AddressScope.Universe,
            Kernel.Inventory().OnLoopback(System.Net.IPAddress.Parse(TestSpec.Vip6))!.Scope);
        Remove(new Request { StateDirectory = State.Path });
        Assert.Equal($"remove {TestSpec.Vip6}/128", Kernel.Changes[0]);
    }
}
