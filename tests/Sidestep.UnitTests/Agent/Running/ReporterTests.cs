using Sidestep.Agent.Running;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class ReporterTests : RunningFixture
{
    [Fact]
    public void Reports_come_at_the_interval_of_the_spec_within_bounds()
    {
        Start(Options);
        foreach (var (interval, expected) in new[] { (500, 500), (1, 100), (1_000_000, 60_000) })
        {
            SetSpec(interval, Spec(interval, TestSpec.Vip) with { ReportIntervalMilliseconds = interval });
            var count = Reports.Count;
            Time.Advance(TimeSpan.FromMilliseconds(expected) - TimeSpan.FromTicks(1));
            Turn(false);
            Assert.Equal(count, Reports.Count);
            Time.Advance(TimeSpan.FromTicks(1));
            Turn(false);
            Assert.Equal(count + 1, Reports.Count);
        }
        Assert.Equal(Enumerable.Range(1, 6).Select(static i => (long)i), Reports.Select(static r => r.Sequence));
        Assert.Equal(6, Shared.StartedSequence);
    }

    [Fact]
    public void A_report_can_be_requested_sooner_once()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Shared.ReportWithin(TimeSpan.FromMilliseconds(300));
        Time.Advance(TimeSpan.FromMilliseconds(299));
        Turn(false);
        Assert.Single(Reports);
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Turn(false);
        Time.Advance(TimeSpan.FromMilliseconds(100));
        Turn(false);
        Assert.Equal(2, Reports.Count);
    }

    [Fact]
    public void The_admin_state_is_reported_at_once_and_by_the_next_agent()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Shared.SetAdminState("draining");
        StoredAdminState.Write(State.Path, "draining");
        Turn(false);
        Assert.Equal("draining", Reports[^1].AdminState);
        Stop();
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Assert.Equal("draining", Reports[^1].AdminState);
    }

    [Fact]
    public void A_report_that_fails_is_logged_and_tried_again()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Platform.Source.CounterFiles.Remove("snmp");
        Platform.Kernel.Rejects = static c => c == "read" ? new IOException("no inventory") : null;
        Time.Advance(TimeSpan.FromSeconds(2));
        Turn(false);
        Turn(false);
        Assert.Single(Log, static l => l == "cannot make a report: no inventory");
        Assert.Single(Reports);
        Platform.Source.CounterFiles["snmp"] = [];
        Platform.Kernel.Rejects = static _ => null;
        Turn(false);
        // The sequence counts the attempts: a report never describes the host earlier than its number says.
        Assert.Equal((2, 4L), (Reports.Count, Reports[^1].Sequence));
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
        var until = Time.GetUtcNow() + RepairBackoff.BackoffTime;
        Assert.Contains(Reports[^1].Conditions, c => c is { Name: "backing-off", Status: ConditionStatus.Note }
            && c.Subject == $"vip {TestSpec.Vip}"
            && c.Found == $"another program reverts every repair; not repaired until {until:u}");
        Assert.Contains(Reports[^1].Conditions, static c => c is { Name: "vip", Status: ConditionStatus.Wrong });
    }

    [Fact]
    public void Without_contact_to_a_director_the_report_says_so()
    {
        Start(Options);
        Shared.ContactError = "director does not respond";
        SetSpec(7, TestSpec.Vip);
        var condition = Reports[^1].Conditions.Single(static c => c.Name == "spec");
        Assert.Equal((ConditionStatus.Note, "director does not respond", "a director that responds"),
            (condition.Status, condition.Found, condition.Expected));
    }

    [Fact]
    public void A_request_that_comes_while_a_report_is_made_needs_another_report()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        Shared.ReportWithin(TimeSpan.Zero);
        Kernel.Rejects = _ =>
        {
            Kernel.Rejects = static _ => null;
            Shared.ReportWithin(TimeSpan.Zero);
            return null;
        };
        Turn(false);
        Assert.Equal(2, Reports.Count);
        Turn(false);
        Assert.Equal(3, Reports.Count);
        Turn(false);
        Assert.Equal(3, Reports.Count);
    }

    [Fact]
    public void Conditions_of_the_role_come_before_those_of_running()
    {
        Start(Options with { Interfaces = ["eth0", "eth9"] });
        Shared.ContactError = "no director";
        SetSpec(7, TestSpec.Vip);
        var names = Reports[^1].Conditions.Select(static c => c.Name).ToList();
        Assert.Equal(("vip", "device-up", "spec"), (names[0], names[^2], names[^1]));
        Assert.Equal(("eth9", "It is named with --interface, and does not exist."),
            (Reports[^1].Conditions[^2].Subject, Reports[^1].Conditions[^2].Remedy));
    }

    [Fact]
    public void A_step_of_the_wall_clock_changes_no_wait()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        var reads = Kernel.Reads;
        foreach (var step in new[] { TimeSpan.FromDays(1), TimeSpan.FromDays(-2) })
        {
            Time.WallClockStep += step;
            Turn(false);
            Assert.Equal((reads, 1), (Kernel.Reads, Reports.Count));
        }
        Time.Advance(TimeSpan.FromSeconds(2));
        Turn(false);
        Assert.Equal(2, Reports.Count);
        Assert.Equal(Time.GetUtcNow(), Reports[^1].WallClock);
    }
}
