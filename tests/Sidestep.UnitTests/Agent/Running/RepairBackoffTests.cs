using Sidestep.Agent.Running;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class RepairBackoffTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Minute = TimeSpan.FromMinutes(1);
    private readonly ManualTime _time = new();
    private readonly RepairBackoff _backoff;

    public RepairBackoffTests() => _backoff = new RepairBackoff(_time);

    [Fact]
    public void The_eleventh_repair_within_a_minute_starts_a_back_off_of_five_minutes()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal((true, false), Repair());
            _time.Advance(6 * Second);
        }
        Assert.Equal((false, true), Repair());
        var until = _time.GetUtcNow() + 5 * Minute;
        Assert.Equal([("vip", "203.0.113.10", until)], _backoff.Active);
        _time.Advance(5 * Minute - Second);
        Assert.Equal((false, false), Repair());
        _time.Advance(Second);
        Assert.Empty(_backoff.Active);
        Assert.Equal((true, false), Repair());
    }

    [Fact]
    public void Repairs_older_than_a_minute_do_not_count()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal((true, false), Repair());
            _time.Advance(TimeSpan.FromMilliseconds(6101));
        }
    }

    [Fact]
    public void After_a_back_off_ten_repairs_are_allowed_again()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 10; i++)
                Assert.Equal((true, false), Repair());
            Assert.Equal((false, true), Repair());
            _time.Advance(5 * Minute);
        }
    }

    [Fact]
    public void Deviations_do_not_count_for_each_other()
    {
        for (var i = 0; i < 11; i++)
            Repair();
        Assert.Equal((true, false), Repair(subject: "203.0.113.11"));
        Assert.Equal((true, false), Repair(name: "rp-filter"));
        Assert.Equal(["203.0.113.10"], _backoff.Active.Select(static a => a.Subject));
    }

    [Fact]
    public void A_step_of_the_wall_clock_neither_ends_nor_extends_a_back_off()
    {
        for (var i = 0; i < 11; i++)
            Repair();
        _time.WallClockStep = TimeSpan.FromDays(1);
        Assert.Equal((false, false), Repair());
        _time.Advance(Minute);
        _time.WallClockStep = TimeSpan.FromDays(-1);
        // For the operator, by the clock that the operator has now.
        Assert.Equal(_time.GetUtcNow() + 4 * Minute, Assert.Single(_backoff.Active).Until);
        _time.Advance(4 * Minute);
        Assert.Equal((true, false), Repair());
    }

    private (bool MayRepair, bool Started) Repair(string name = "vip", string subject = "203.0.113.10") =>
        (_backoff.MayRepair(name, subject, out var started), started);
}
