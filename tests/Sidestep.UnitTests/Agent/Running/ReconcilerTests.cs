using System.Net;
using Sidestep.Agent.Running;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class ReconcilerTests : RunningFixture
{
    [Fact]
    public void A_new_spec_is_applied_stored_and_reported_at_once()
    {
        Start(Options);
        Turn(false);
        Assert.Empty(Reports);
        SetSpec(7, TestSpec.Vip);
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
        Assert.Contains("spec revision 7 applied: 1 VIPs on eth0", Log);
        var report = Assert.Single(Reports);
        Assert.Equal((1, 7, true, "enabled"),
            (report.Sequence, report.SpecRevision, report.Reconciles, report.AdminState));
        Assert.True(report.IsHealthy,
            string.Join(", ", report.Conditions.Where(static c => c.Status == ConditionStatus.Wrong)));
        Assert.Same(report, Shared.LastReport);
        Assert.Equal(7, LastSpec.Read(State.Path, Log.Add)!.Value.Spec.Revision);
        Assert.True(LoadState().Programs);
        // Programs are attached at layer 2 too: they count and suppress advertisements.
        Assert.Contains("attach 2 Ingress", Kernel.Changes);
    }

    [Fact]
    public void Drift_is_repaired_after_an_event_and_reported()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Kernel.Changes.Clear();
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        Time.Advance(Pass);
        Turn(true);
        Assert.Equal([$"add {TestSpec.Vip}"], Kernel.Changes);
        Assert.Contains(
            $"drift: vip {TestSpec.Vip} was absent; repaired ({TestSpec.Vip}: added to lo as /32, scope host)", Log);
        var drift = Assert.Single(Reports[^1].Drifts);
        Assert.Equal(("vip", TestSpec.Vip, "absent", (DateTimeOffset?)Time.GetUtcNow()),
            (drift.Name, drift.Subject, drift.Found, drift.Repaired));
        Assert.Equal(2, Reports.Count);
    }

    [Fact]
    public void In_report_only_mode_drift_stays_and_is_a_wrong_condition()
    {
        Start(Options with { Reconciles = false });
        SetSpec(7, TestSpec.Vip);
        Kernel.Sysctls["net/ipv4/conf/eth0/rp_filter"] = 1;
        Kernel.Changes.Clear();
        Time.Advance(TimeSpan.FromSeconds(3));
        Turn(true);
        Assert.Empty(Kernel.Changes);
        var report = Reports[^1];
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
        Time.Advance(TimeSpan.FromSeconds(2));
        Turn(false);
        Assert.Equal(8, Reports[^1].SpecRevision);
    }

    [Fact]
    public void An_invalid_first_spec_changes_nothing_and_is_reported()
    {
        Start(Options);
        SetSpec(7, "224.0.0.1");
        Assert.Empty(Kernel.Changes);
        var report = Assert.Single(Reports);
        var condition = Assert.Single(report.Conditions);
        Assert.Equal(("spec", ConditionStatus.Wrong, "a valid spec"),
            (condition.Name, condition.Status, condition.Expected));
        Assert.Contains("--vip 224.0.0.1: is a multicast address", condition.Found, StringComparison.Ordinal);
        Assert.Equal(0, report.SpecRevision);
        Event();
        Assert.Single(Log);
    }

    [Fact]
    public void A_corrected_spec_is_applied_without_an_event()
    {
        Start(Options);
        SetSpec(7, "224.0.0.1");
        SetSpec(8, TestSpec.Vip);
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
    }

    [Fact]
    public void While_a_new_spec_is_invalid_the_last_valid_one_is_maintained()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        SetSpec(8, "224.0.0.1");
        Assert.Contains(Reports[^1].Conditions, static c =>
            c is { Name: "spec", Status: ConditionStatus.Wrong, Remedy: "The agent maintains the last valid spec." });
        Assert.Equal(7, Reports[^1].SpecRevision);
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        Event();
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.Vip)));
        Shared.SetSpec(Spec(9, TestSpec.OtherVip));
        Event();
        Assert.NotNull(Kernel.Inventory().OnLoopback(IPAddress.Parse(TestSpec.OtherVip)));
        Assert.DoesNotContain(Reports[^1].Conditions, static c => c.Name == "spec");
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
            Shared.SetSpec(Spec(9, TestSpec.Vip));
            Event();
        }
        Assert.Equal(2, Log.Count(static l =>
            l.StartsWith("the spec does not fit this host: --vip 224.0.0.1", StringComparison.Ordinal)));
    }
}
