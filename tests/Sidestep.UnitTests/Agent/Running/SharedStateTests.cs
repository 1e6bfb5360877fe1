using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class SharedStateTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTime _time = new();
    private readonly SharedState _shared;

    public SharedStateTests()
    {
        _time.Advance(Second);
        _shared = new SharedState(_time, AdminStates.Draining);
    }

    [Fact]
    public void At_first_nothing_is_requested_and_nothing_reported() =>
        Assert.Equal((null, null, 0L, "", MonotonicTime.Never), (_shared.RequestedSpec, _shared.LastReport,
            _shared.StartedSequence, _shared.ContactError, _shared.ReportTime));

    [Fact]
    public void The_newest_spec_is_the_requested_one()
    {
        _shared.SetSpec(TestSpec.Of() with { Revision = 9 });
        _shared.SetSpec(TestSpec.Of() with { Revision = 8 });
        Assert.Equal(8, _shared.RequestedSpec!.Revision);
    }

    [Fact]
    public void The_earliest_request_of_a_report_counts()
    {
        _shared.ReportWithin(5 * Second);
        Assert.Equal(6 * Second, _shared.ReportTime);
        _shared.ReportWithin(2 * Second);
        Assert.Equal(3 * Second, _shared.ReportTime);
        _time.Advance(Second);
        _shared.ReportWithin(60 * Second);
        Assert.Equal(3 * Second, _shared.ReportTime);
    }

    [Fact]
    public void A_report_meets_the_requests_from_before_it_was_started()
    {
        _shared.ReportWithin(TimeSpan.Zero);
        Assert.Equal(1, _shared.StartReport());
        Assert.Equal((MonotonicTime.Never, 1L), (_shared.ReportTime, _shared.StartedSequence));
        _shared.ReportWithin(TimeSpan.Zero);
        _shared.Publish(TestReport.Empty);
        Assert.Equal(Second, _shared.ReportTime);
        Assert.Equal(2, _shared.StartReport());
    }

    [Fact]
    public void A_report_has_the_admin_state_of_the_moment_in_which_it_is_published()
    {
        var reported = new List<AgentReport>();
        _shared.Reported += reported.Add;
        _shared.Publish(TestReport.Empty);
        _shared.SetAdminState(AdminStates.Enabled);
        Assert.Equal(Second, _shared.ReportTime);
        _shared.Publish(TestReport.Empty);
        Assert.Equal(["draining", "enabled"], reported.Select(static r => r.AdminState));
        Assert.Same(reported[1], _shared.LastReport);
    }
}
