using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

public sealed class ProbeScheduleTests
{
    private static readonly HealthMonitor Monitor = HealthMonitor.DefaultTcp
        with { Interval = TimeSpan.FromSeconds(1), JitterPercent = 10 };

    [Fact]
    public void Checks_run_at_their_interval_without_drift()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(100)], TimeSpan.Zero);
        var runs = new Dictionary<CheckKey, int>();
        // Each turn is taken a little late, as it is in truth.
        for (var now = TimeSpan.Zero; now < TimeSpan.FromSeconds(60); now += TimeSpan.FromMilliseconds(7))
        {
            while (schedule.TryDequeue(now, out var entry))
            {
                runs[entry.Check.Key] = runs.GetValueOrDefault(entry.Check.Key) + 1;
                entry.IsStatusKnown = true;
                Assert.Equal(0, schedule.Reschedule(entry, now));
            }
        }
        Assert.Equal(100, runs.Count);
        Assert.All(runs.Values, static t => Assert.InRange(t, 58, 62));
    }

    [Fact]
    public void Probes_with_the_same_interval_are_spread_over_it()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(1000)], TimeSpan.Zero);
        var perTenth = new int[10];
        for (var tenth = 0; tenth < 10; tenth++)
        {
            while (schedule.TryDequeue(TimeSpan.FromMilliseconds(100 * (tenth + 1)), out _))
                perTenth[tenth]++;
        }
        Assert.All(perTenth, static n => Assert.InRange(n, 60, 140));
    }

    [Fact]
    public void Check_without_a_verdict_is_repeated_sooner_and_missed_checks_are_skipped()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(1)], TimeSpan.Zero);
        Assert.True(schedule.TryDequeue(TimeSpan.FromMilliseconds(100), out var entry));
        schedule.Reschedule(entry, TimeSpan.FromMilliseconds(100));
        Assert.InRange(schedule.NextDue!.Value.TotalMilliseconds, 90, 210);

        Assert.True(schedule.TryDequeue(TimeSpan.FromSeconds(1), out entry));
        entry.IsStatusKnown = true;
        Assert.InRange(schedule.Reschedule(entry, TimeSpan.FromSeconds(10)), 8, 9);
        Assert.Equal(TimeSpan.FromSeconds(10), schedule.NextDue);
    }

    [Fact]
    public void Removed_check_does_not_run_again()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(2)], TimeSpan.Zero);
        Assert.True(schedule.TryDequeue(TimeSpan.FromSeconds(1), out var entry));
        schedule.Set([], TimeSpan.FromSeconds(1));
        schedule.Reschedule(entry, TimeSpan.FromSeconds(1));
        Assert.Null(schedule.NextDue);
        Assert.Equal(0, schedule.Count);
    }

    private static IEnumerable<Check> Checks(int count) => Enumerable.Range(1, count).Select(static i => new Check(
        new CheckKey(new GroupKey("p", Encap.Layer2), new IPAddress(i), "m", IPAddress.Loopback, 80, true), "s",
            Monitor));
}
