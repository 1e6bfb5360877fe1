using System.Net;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;
using Sidestep.UnitTests.Agent.Actions;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class ReconcilerTests : ActionFixture
{
    private static readonly TimeSpan Pass = Reconciler.MinPassInterval;
    private readonly ManualTime _time = new();
    private readonly List<AgentReport> _reports = [];
    private Reconciler? _reconciler;

    private Request Options => Layer2 with { Vips = [] };

    [Fact]
    public void A_new_spec_is_applied_stored_and_reported_at_once()
    {
        Start(Options);
        _reconciler!.Step(false);
        Assert.Empty(_reports);
        SetSpec(7, TestSpec.Vip);
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
        Assert.Contains("spec revision 7 applied: 1 VIPs on eth0", Log);
        var report = Assert.Single(_reports);
        Assert.Equal((1, 7, true, "enabled"),
            (report.Sequence, report.SpecRevision, report.Reconciles, report.AdminState));
        Assert.True(report.IsHealthy,
            string.Join(", ", report.Conditions.Where(static c => c.Status == ConditionStatus.Wrong)));
        Assert.Same(report, _reconciler.LastReport);
        Assert.Equal(7, LastSpec.Read(State.Path, Log.Add)!.Value.Spec.Revision);
        Assert.True(LoadState().Programs);
        // Programs are attached at layer 2 too: they count and suppress advertisements.
        Assert.Contains("attach 2 Ingress", Kernel.Changes);
    }

    [Fact]
    public void Nothing_is_read_twice_without_a_reason()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        var reads = Kernel.Reads;
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(Reconciler.EventTimeout);
            _reconciler!.Step(false);
        }
        Assert.Equal(reads, Kernel.Reads);
        Assert.Single(_reports);
    }

    [Fact]
    public void Drift_is_repaired_after_an_event_and_reported()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Changes.Clear();
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        _time.Advance(Pass);
        _reconciler!.Step(true);
        Assert.Equal([$"add {TestSpec.Vip}"], Kernel.Changes);
        Assert.Contains(
            $"drift: vip {TestSpec.Vip} was absent; repaired ({TestSpec.Vip}: added to lo as /32, scope host)", Log);
        var drift = Assert.Single(_reports[^1].Drifts);
        Assert.Equal(("vip", TestSpec.Vip, "absent", (DateTimeOffset?)_time.GetUtcNow()),
            (drift.Name, drift.Subject, drift.Found, drift.Repaired));
        Assert.Equal(2, _reports.Count);
    }

    [Fact]
    public void Events_of_a_burst_are_handled_after_the_minimum_interval()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        _time.Advance(Pass - TimeSpan.FromTicks(1));
        _reconciler!.Step(true);
        Assert.Null(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
        _time.Advance(TimeSpan.FromTicks(1));
        _reconciler.Step(false);
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
    }

    [Theory]
    [InlineData("net/ipv4/conf/eth0/arp_ignore", 0, 1)]
    [InlineData("net/ipv4/conf/all/arp_announce", 0, 2)]
    public void Sysctls_that_the_kernel_does_not_notify_are_read_every_500_ms(string name, int value, int repaired)
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Sysctls[name] = value;
        _time.Advance(Reconciler.SettingsInterval - TimeSpan.FromTicks(1));
        _reconciler!.Step(false);
        Assert.Equal(value, Kernel.Sysctls[name]);
        _time.Advance(TimeSpan.FromTicks(1));
        _reconciler.Step(false);
        Assert.Equal(repaired, Kernel.Sysctls[name]);
    }

    [Fact]
    public void A_sysctl_that_is_only_verified_starts_a_pass_too()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        var reads = Kernel.Reads;
        Kernel.Sysctls["net/ipv4/conf/eth0/proxy_arp_pvlan"] = 1;
        _time.Advance(Reconciler.SettingsInterval);
        _reconciler!.Step(false);
        Assert.Equal(reads + 1, Kernel.Reads);
    }

    [Fact]
    public void Everything_is_checked_every_ten_seconds_even_without_events()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        _time.Advance(Reconciler.FullInterval - TimeSpan.FromTicks(1));
        _reconciler!.Step(false);
        Assert.Null(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
        _time.Advance(TimeSpan.FromTicks(1));
        _reconciler.Step(false);
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
    }

    [Fact]
    public void Reports_come_at_the_interval_of_the_spec_within_bounds()
    {
        Start(Options);
        foreach (var (interval, expected) in new[] { (500, 500), (1, 100), (1_000_000, 60_000) })
        {
            SetSpec(interval, Spec(interval, TestSpec.Vip) with { ReportIntervalMilliseconds = interval });
            var count = _reports.Count;
            _time.Advance(TimeSpan.FromMilliseconds(expected) - TimeSpan.FromTicks(1));
            _reconciler!.Step(false);
            Assert.Equal(count, _reports.Count);
            _time.Advance(TimeSpan.FromTicks(1));
            _reconciler.Step(false);
            Assert.Equal(count + 1, _reports.Count);
        }
        Assert.Equal(Enumerable.Range(1, 6).Select(static i => (long)i), _reports.Select(static r => r.Sequence));
        Assert.Equal(6, _reconciler!.StartedSequence);
    }

    [Fact]
    public void A_report_can_be_requested_sooner_once()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        _reconciler!.ReportWithin(TimeSpan.FromMilliseconds(300));
        _time.Advance(TimeSpan.FromMilliseconds(299));
        _reconciler.Step(false);
        Assert.Single(_reports);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _reconciler.Step(false);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        _reconciler.Step(false);
        Assert.Equal(2, _reports.Count);
    }

    [Fact]
    public void The_admin_state_is_stored_and_reported_at_once()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        _reconciler!.SetAdminState("draining");
        _reconciler.Step(false);
        Assert.Equal("draining", _reports[^1].AdminState);
        Assert.Equal("draining", StoredAdminState.Read(State.Path));
        _reconciler.Dispose();
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Assert.Equal("draining", _reports[^1].AdminState);
    }

    [Fact]
    public void In_report_only_mode_drift_stays_and_is_a_wrong_condition()
    {
        Start(Options with { Reconciles = false });
        SetSpec(7, TestSpec.Vip);
        Kernel.Sysctls["net/ipv4/conf/eth0/rp_filter"] = 1;
        Kernel.Changes.Clear();
        _time.Advance(TimeSpan.FromSeconds(3));
        _reconciler!.Step(true);
        Assert.Empty(Kernel.Changes);
        var report = _reports[^1];
        Assert.Equal((false, 0, 1),
            (report.Reconciles, report.Drifts.Length,
            report.Conditions.Count(static c => c is { Name: "rp-filter", Status: ConditionStatus.Wrong })));
        SetSpec(8, TestSpec.OtherVip);
        Assert.Equal(2, Kernel.Sysctls["net/ipv4/conf/eth0/rp_filter"]);
        Assert.Contains($"remove {TestSpec.Vip}/32", Kernel.Changes);
    }

    [Fact]
    public void A_spec_that_differs_only_in_its_revision_is_not_applied_again()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Changes.Clear();
        Log.Clear();
        SetSpec(8, Spec(8, TestSpec.Vip) with { DirectorVersion = "2.0", Issued = DateTimeOffset.UnixEpoch });
        Assert.Empty(Kernel.Changes);
        Assert.Empty(Log);
        _time.Advance(TimeSpan.FromSeconds(2));
        _reconciler!.Step(false);
        Assert.Equal(8, _reports[^1].SpecRevision);
    }

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
            new DefaultRouteInfo(System.Net.Sockets.AddressFamily.InterNetwork, FakeKernel.Eth1, null));
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
        _time.Advance(TimeSpan.FromSeconds(2));
        _reconciler!.Step(false);
        Assert.Empty(_reports[^1].Drifts);
    }

    [Fact]
    public void An_invalid_first_spec_changes_nothing_and_is_reported()
    {
        Start(Options);
        SetSpec(7, "224.0.0.1");
        Assert.Empty(Kernel.Changes);
        var report = Assert.Single(_reports);
        var condition = Assert.Single(report.Conditions);
        Assert.Equal(("spec", ConditionStatus.Wrong, "a valid spec"),
            (condition.Name, condition.Status, condition.Expected));
        Assert.Contains("--vip 224.0.0.1: is a multicast address", condition.Found, StringComparison.Ordinal);
        Assert.Equal(0, report.SpecRevision);
        Event();
        Assert.Single(Log);
    }

    [Fact]
    public void While_a_new_spec_is_invalid_the_last_valid_one_is_maintained()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        SetSpec(8, "224.0.0.1");
        Assert.Contains(_reports[^1].Conditions, static c =>
            c is { Name: "spec", Status: ConditionStatus.Wrong, Remedy: "The agent maintains the last valid spec." });
        Assert.Equal(7, _reports[^1].SpecRevision);
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        Event();
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
        _reconciler!.SetSpec(Spec(9, TestSpec.OtherVip));
        Event();
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.OtherVip)));
        Assert.DoesNotContain(_reports[^1].Conditions, static c => c.Name == "spec");
    }

    [Fact]
    public void A_problem_that_returns_is_logged_again()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        for (var i = 0; i < 2; i++)
        {
            SetSpec(8, "224.0.0.1");
            Event();
            _reconciler!.SetSpec(Spec(9, TestSpec.Vip));
            Event();
        }
        Assert.Equal(2, Log.Count(static l => l.StartsWith("error: --vip 224.0.0.1", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_error_that_returns_is_logged_again()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        for (var i = 0; i < 2; i++)
        {
            Kernel.Rejects = static c => c == "read" ? new IOException("no inventory") : null;
            Event();
            Kernel.Rejects = static _ => null;
            _time.Advance(Reconciler.RetryDelay);
            Event();
        }
        Assert.Equal(2, Log.Count(static l => l == "no inventory"));
    }

    [Fact]
    public void A_foreign_filter_prevents_the_first_apply_and_is_only_a_condition_later()
    {
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 213, 0x51de);
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Assert.Empty(Kernel.Changes);
        Assert.Contains("has a filter of another program at the place of the agent's",
            Assert.Single(_reports[^1].Conditions).Found, StringComparison.Ordinal);
        Kernel.TcFilters.Clear();
        Event();
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
        Kernel.TcFilters[(FakeKernel.Eth0, Hook.Ingress)].Clear();
        Kernel.AddForeignFilter(FakeKernel.Eth0, Hook.Ingress, 213, 0x51de);
        _time.Advance(TimeSpan.FromSeconds(3));
        Event();
        Assert.Contains(_reports[^1].Conditions, static c =>
            c is { Name: "programs", Subject: "eth0", Status: ConditionStatus.Wrong });
        Assert.DoesNotContain(_reports[^1].Conditions, static c => c.Name == "spec");
    }

    [Fact]
    public void An_error_of_the_kernel_is_logged_once_and_tried_again_after_two_seconds()
    {
        Start(Options);
        Kernel.Rejects = static c => c == "load" ? new NativeException("bpf_object__load", 1) : null;
        SetSpec(7, TestSpec.Vip);
        for (var i = 0; i < 3; i++)
            Event();
        Assert.Single(Log, static l => l.StartsWith("bpf_object__load: ", StringComparison.Ordinal));
        Kernel.Rejects = static _ => null;
        _time.Advance(Reconciler.RetryDelay - 3 * Pass - TimeSpan.FromTicks(1));
        _reconciler!.Step(true);
        Assert.Empty(Kernel.Changes);
        _time.Advance(TimeSpan.FromTicks(1));
        _reconciler.Step(false);
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
    }

    [Fact]
    public void A_report_that_fails_is_logged_and_tried_again()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Platform.Source.CounterFiles.Remove("snmp");
        Platform.Kernel.Rejects = static c => c == "read" ? new IOException("no inventory") : null;
        _time.Advance(TimeSpan.FromSeconds(2));
        _reconciler!.Step(false);
        _reconciler.Step(false);
        Assert.Single(Log, static l => l == "no inventory");
        Assert.Single(_reports);
        Platform.Source.CounterFiles["snmp"] = [];
        Platform.Kernel.Rejects = static _ => null;
        _reconciler.Step(false);
        // The sequence counts the attempts: a report never describes the host earlier than its number says.
        Assert.Equal((2, 4L), (_reports.Count, _reports[^1].Sequence));
    }

    [Fact]
    public void Another_manager_that_reverts_repairs_appears_as_backing_off()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        for (var i = 0; i < 11; i++)
        {
            Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
            Event();
        }
        var until = _time.GetUtcNow() + RepairBackoff.BackoffTime;
        Assert.Contains(_reports[^1].Conditions, c => c is { Name: "backing-off", Status: ConditionStatus.Note }
            && c.Subject == $"vip {TestSpec.Vip}"
            && c.Found == $"another program reverts every repair; not repaired until {until:u}");
        Assert.Contains(_reports[^1].Conditions, static c => c is { Name: "vip", Status: ConditionStatus.Wrong });
    }

    [Fact]
    public void Named_interfaces_that_vanish_are_reported_and_the_others_are_maintained()
    {
        Start(Options with { Interfaces = ["eth0", "eth1"] });
        SetSpec(7, TestSpec.Vip);
        Kernel.Interfaces.RemoveAt(2);
        Event();
        Assert.Contains(_reports[^1].Conditions, static c =>
            c is { Name: "device-up", Subject: "eth1", Found: "missing", Status: ConditionStatus.Wrong });
        Assert.DoesNotContain(_reports[^1].Conditions, static c => c.Name == "spec");
        Kernel.Interfaces.RemoveAt(1);
        Event();
        Assert.Contains(_reports[^1].Conditions, static c => c.Name == "spec"
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
            new DefaultRouteInfo(System.Net.Sockets.AddressFamily.InterNetwork, FakeKernel.Eth1, null));
        Event();
        Assert.Contains("attach 3 Ingress", Kernel.Changes);
        Assert.Contains("detach 2 Ingress", Kernel.Changes);
    }

    [Fact]
    public void Without_contact_to_a_director_the_report_says_so()
    {
        Start(Options);
        _reconciler!.LastContactError = "director does not respond";
        SetSpec(7, TestSpec.Vip);
        var condition = _reports[^1].Conditions.Single(static c => c.Name == "spec");
        Assert.Equal((ConditionStatus.Note, "director does not respond", "a director that responds"),
            (condition.Status, condition.Found, condition.Expected));
    }

    [Fact]
    public void Files_are_checked_every_minute()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Assert.Contains(_reports[^1].Conditions, static c => c.Name == "persistence");
        Root.Put("etc/systemd/system/multi-user.target.wants/sidestep-agent.service");
        _time.Advance(Reconciler.FilesInterval - TimeSpan.FromSeconds(1));
        Event();
        Assert.Contains(_reports[^1].Conditions, static c => c.Name == "persistence");
        _time.Advance(TimeSpan.FromSeconds(3));
        Event();
        Assert.DoesNotContain(_reports[^1].Conditions, static c => c.Name == "persistence");
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

    [Fact]
    public void The_loop_waits_for_events_until_it_is_cancelled()
    {
        Start(Options);
        _reconciler!.SetSpec(Spec(7, TestSpec.Vip));
        using var stop = new CancellationTokenSource();
        var waits = 0;
        Platform.OnWait = () =>
        {
            _time.Advance(Pass);
            if (++waits == 2)
                Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
            if (waits == 3)
                stop.Cancel();
            return waits == 2;
        };
        _reconciler.Run(stop.Token);
        Assert.Equal(3, waits);
        Assert.Equal(2, Kernel.Changes.Count(static c => c == $"add {TestSpec.Vip}"));
    }

    public override void Dispose()
    {
        _reconciler?.Dispose();
        base.Dispose();
    }

    private static ServerSpec Spec(long revision, params string[] vips) =>
        TestSpec.Of(TestSpec.Layer2(vips)) with { Revision = revision };

    private void Start(Request request)
    {
        _reconciler = new Reconciler(request, Platform, _time, Log.Add);
        _reconciler.Reported += _reports.Add;
    }

    private void SetSpec(long revision, params string[] vips) => SetSpec(revision, Spec(revision, vips));

    private void SetSpec(long revision, ServerSpec spec)
    {
        Assert.Equal(revision, spec.Revision);
        _time.Advance(Pass);
        _reconciler!.SetSpec(spec);
        _reconciler.Step(false);
    }

    private void Event()
    {
        _time.Advance(Pass);
        _reconciler!.Step(true);
    }
}
