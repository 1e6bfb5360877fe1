using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Roles;
using Sidestep.Api;
using Sidestep.Native.Netlink;
using Sidestep.Packets;
using Sidestep.UnitTests.Agent.Running;

namespace Sidestep.UnitTests.Agent.Roles;

public sealed class RealServerRoleTests : RunningFixture
{
    [Fact]
    public void An_interface_that_changes_is_applied_again()
    {
        Start(Options);
        SetSpec(7, Spec(7, TestSpec.Vip) with { Services = [TestSpec.Layer3("ipip", TestSpec.Vip)] });
        Kernel.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "eth0", mtu: 1400);
        Log.Clear();
        Event();
        Assert.Equal([new DesiredVip(PrefixText.Parse(TestSpec.Vip), 1340)], Kernel.Loaded[1].OpenMaps()!.Vips());
        // The same revision: applied again, and not announced as a new spec.
        Assert.DoesNotContain(Log, static l => l.StartsWith("spec revision", StringComparison.Ordinal));
        Kernel.DefaultRoutes.Add(
            new DefaultRouteInfo(AddressFamily.InterNetwork, FakeKernel.Eth1, null));
        Event();
        Assert.Contains("attach 3 Egress", Kernel.Changes);
    }

    [Fact]
    public void A_new_address_of_the_host_reaches_the_maps_without_being_drift()
    {
        Start(Options);
        SetSpec(7, Spec(7, TestSpec.Vip) with { Services = [TestSpec.Layer3("ipip", TestSpec.Vip)] });
        Kernel.Addresses.Add(
            new InterfaceAddress(FakeKernel.Eth0, IPAddress.Parse("10.0.1.4"), 24, AddressScope.Universe));
        Event();
        Assert.Contains("10.0.1.4", Kernel.Loaded[1].OpenMaps()!.Addresses());
        Assert.Equal("decapsulation-addresses: 10.0.1.3 10.0.1.4 2001:db8:1::3", Log[^1]);
        Time.Advance(TimeSpan.FromSeconds(2));
        Turn(false);
        Assert.Empty(Reports[^1].Drifts);
    }

    [Fact]
    public void A_foreign_filter_prevents_the_first_apply_and_is_only_a_condition_later()
    {
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 213, 0x51de);
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Assert.Empty(Kernel.Changes);
        Assert.Contains("has a filter of another program at the place of the agent's",
            Assert.Single(Reports[^1].Conditions).Found, StringComparison.Ordinal);
        Kernel.TcFilters.Clear();
        Event();
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
        Kernel.TcFilters[(FakeKernel.Eth0, Hook.Ingress)].Clear();
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 213, 0x51de);
        Time.Advance(TimeSpan.FromSeconds(3));
        Event();
        Assert.Contains(Reports[^1].Conditions, static c =>
            c is { Name: "programs", Subject: "eth0", Status: ConditionStatus.Wrong });
        Assert.DoesNotContain(Reports[^1].Conditions, static c => c.Name == "spec");
    }

    [Fact]
    public void Named_interfaces_that_vanish_are_reported_and_the_others_are_maintained()
    {
        Start(Options with { Interfaces = ["eth0", "eth1"] });
        SetSpec(7, TestSpec.Vip);
        Kernel.Interfaces.RemoveAt(2);
        Event();
        Assert.Contains(Reports[^1].Conditions, static c =>
            c is { Name: "device-up", Subject: "eth1", Found: "missing", Status: ConditionStatus.Wrong });
        Assert.DoesNotContain(Reports[^1].Conditions, static c => c.Name == "spec");
        Kernel.Interfaces.RemoveAt(1);
        Event();
        Assert.Contains(Reports[^1].Conditions, static c => c.Name == "spec"
            && c.Found.Contains("--interface eth0: does not exist", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_default_route_the_chosen_interface_stays()
    {
        Start(Options with { Interfaces = [] });
        SetSpec(7, TestSpec.Vip);
        Kernel.Changes.Clear();
        Kernel.DefaultRoutes.Clear();
        Event();
        Assert.Empty(Kernel.Changes);
        Kernel.DefaultRoutes.Add(
            new DefaultRouteInfo(AddressFamily.InterNetwork, FakeKernel.Eth1, null));
        Event();
        Assert.Contains("attach 3 Ingress", Kernel.Changes);
        Assert.Contains("detach 2 Ingress", Kernel.Changes);
    }

    [Fact]
    public void Files_are_checked_every_minute()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Assert.Contains(Reports[^1].Conditions, static c => c.Name == "persistence");
        Root.Put("etc/systemd/system/multi-user.target.wants/sidestep-agent.service");
        Time.Advance(FileConditions.Interval - TimeSpan.FromSeconds(1));
        Event();
        Assert.Contains(Reports[^1].Conditions, static c => c.Name == "persistence");
        Time.Advance(TimeSpan.FromSeconds(3));
        Event();
        Assert.DoesNotContain(Reports[^1].Conditions, static c => c.Name == "persistence");
    }

    [Fact]
    public void Persist_writes_the_files_of_each_spec_or_logs_why_not()
    {
        Start(Options with { Persist = true });
        SetSpec(7, TestSpec.Vip);
        Assert.Contains(Log, static l => l.Contains("found no network manager on this host", StringComparison.Ordinal));
        Root.Put("etc/netplan/a.yaml");
        SetSpec(8, TestSpec.OtherVip);
        Assert.Contains(TestSpec.OtherVip, Root.Read("etc/netplan/60-sidestep.yaml"), StringComparison.Ordinal);
    }
}
