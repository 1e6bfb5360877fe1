using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

public sealed class ProbeScheduleTests
{
    private static readonly HealthMonitor Monitor = HealthMonitor.DefaultTcp with { Interval = TimeSpan.FromSeconds(1), JitterPercent = 10 };

    [Fact]
    public void Turns_come_by_the_interval_and_do_not_drift()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(100)], TimeSpan.Zero);
        var turns = new Dictionary<CheckKey, int>();
        // Each turn is taken a little late, as it is in truth.
        for (var now = TimeSpan.Zero; now < TimeSpan.FromSeconds(60); now += TimeSpan.FromMilliseconds(7))
        {
            while (schedule.TryTake(now, out var entry))
            {
                turns[entry.Check.Key] = turns.GetValueOrDefault(entry.Check.Key) + 1;
                entry.IsJudged = true;
                Assert.Equal(0, schedule.Return(entry, now));
            }
        }
        Assert.Equal(100, turns.Count);
        Assert.All(turns.Values, static t => Assert.InRange(t, 58, 62));
    }

    [Fact]
    public void Probes_of_one_interval_do_not_come_in_step()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(1000)], TimeSpan.Zero);
        var perTenth = new int[10];
        for (var tenth = 0; tenth < 10; tenth++)
        {
            while (schedule.TryTake(TimeSpan.FromMilliseconds(100 * (tenth + 1)), out _))
                perTenth[tenth]++;
        }
        Assert.All(perTenth, static n => Assert.InRange(n, 60, 140));
    }

    [Fact]
    public void What_was_never_judged_comes_sooner_and_what_was_missed_is_left_out()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(1)], TimeSpan.Zero);
        Assert.True(schedule.TryTake(TimeSpan.FromMilliseconds(100), out var entry));
        schedule.Return(entry, TimeSpan.FromMilliseconds(100));
        Assert.InRange(schedule.NextDue!.Value.TotalMilliseconds, 90, 210);

        Assert.True(schedule.TryTake(TimeSpan.FromSeconds(1), out entry));
        entry.IsJudged = true;
        Assert.InRange(schedule.Return(entry, TimeSpan.FromSeconds(10)), 8, 9);
        Assert.Equal(TimeSpan.FromSeconds(10), schedule.NextDue);
    }

    [Fact]
    public void What_is_no_longer_wanted_does_not_come_again()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(2)], TimeSpan.Zero);
        Assert.True(schedule.TryTake(TimeSpan.FromSeconds(1), out var entry));
        schedule.Set([], TimeSpan.FromSeconds(1));
        schedule.Return(entry, TimeSpan.FromSeconds(1));
        Assert.Null(schedule.NextDue);
        Assert.Equal(0, schedule.Count);
    }

    private static IEnumerable<Check> Checks(int count) => Enumerable.Range(1, count).Select(static i => new Check(
        new CheckKey(new GroupKey("p", Way.Layer2), new IPAddress(i), "m", IPAddress.Loopback, 80, true), "s", Monitor));
}
