using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

public sealed class ProbeScheduleTests
{
    private static readonly HealthMonitor Monitor = HealthMonitor.DefaultTcp
        with
    { Interval = TimeSpan.FromSeconds(1), JitterPercent = 10 };

    [Fact]
    public void Checks_run_at_their_interval_without_drift()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(100)], TimeSpan.Zero);
        var runs = new Dictionary<CheckKey, int>();
        // Each check is taken a little late, as in reality.
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

    [Fact]
    public void Check_without_a_status_is_due_within_100_ms_and_again_every_100_ms()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(1, jitterPercent: 0)], TimeSpan.FromSeconds(7));
        var first = schedule.NextDue!.Value;
        Assert.InRange(first.TotalMilliseconds, 7000, 7100);
        Assert.False(schedule.TryDequeue(first - TimeSpan.FromTicks(1), out _));
        Assert.True(schedule.TryDequeue(first, out var entry));
        Assert.Equal(first, entry.Due);
        Assert.Null(schedule.NextDue);
        Assert.Equal(0, schedule.Reschedule(entry, first));
        Assert.Equal(first + TimeSpan.FromMilliseconds(100), schedule.NextDue);
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(500, 500)]
    [InlineData(5000, 1000)] // never longer than the interval itself
    public void Many_checks_without_a_status_are_due_a_thousand_times_a_second_at_most(int count, int milliseconds)
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(count, jitterPercent: 0)], TimeSpan.Zero);
        Assert.True(schedule.TryDequeue(TimeSpan.FromSeconds(1), out var entry));
        var due = entry.Due;
        var last = due;
        while (schedule.TryDequeue(TimeSpan.FromSeconds(1), out var next))
            last = next.Due;
        Assert.InRange(last.TotalMilliseconds, milliseconds * 0.9, milliseconds);
        schedule.Reschedule(entry, due);
        Assert.Equal(due + TimeSpan.FromMilliseconds(milliseconds), schedule.NextDue);
    }

    [Fact]
    public void Checks_that_continue_stay_due_and_take_the_new_settings()
    {
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([.. Checks(1, jitterPercent: 0)], TimeSpan.Zero);
        var due = schedule.NextDue;
        Check[] slower = [.. Checks(1, jitterPercent: 0).Select(static c => c with
        {
            Monitor = c.Monitor with { Interval = TimeSpan.FromSeconds(9) },
        })];
        schedule.Set(slower, TimeSpan.FromSeconds(5));
        Assert.Equal((1, due), (schedule.Count, schedule.NextDue));
        Assert.True(schedule.TryDequeue(due!.Value, out var entry));
        Assert.Same(slower[0], entry.Check);
        entry.IsStatusKnown = true;
        schedule.Reschedule(entry, due.Value);
        Assert.Equal(due + TimeSpan.FromSeconds(9), schedule.NextDue);
    }

    [Fact]
    public void Removed_check_in_the_queue_is_passed_over()
    {
        var schedule = new ProbeSchedule(new Random(1));
        Check[] checks = [.. Checks(2)];
        schedule.Set(checks, TimeSpan.Zero);
        schedule.Set([checks[1]], TimeSpan.Zero);
        Assert.Equal(1, schedule.Count);
        Assert.True(schedule.TryDequeue(TimeSpan.FromSeconds(1), out var entry));
        Assert.Same(checks[1], entry.Check);
        Assert.False(schedule.TryDequeue(TimeSpan.FromSeconds(1), out _));
    }

    [Fact]
    public void Check_that_returns_is_new()
    {
        var schedule = new ProbeSchedule(new Random(1));
        Check[] checks = [.. Checks(1)];
        schedule.Set(checks, TimeSpan.Zero);
        Assert.True(schedule.TryDequeue(TimeSpan.FromSeconds(1), out var old));
        schedule.Set([], TimeSpan.FromSeconds(1));
        schedule.Set(checks, TimeSpan.FromSeconds(2));
        Assert.Equal(0, schedule.Reschedule(old, TimeSpan.FromSeconds(30)));
        Assert.InRange(schedule.NextDue!.Value.TotalMilliseconds, 2000, 2100);
    }

    [Fact]
    public void Jitter_lengthens_and_shortens_the_interval_by_its_percentage()
    {
        var pauses = Enumerable.Range(0, 200).Select(static seed =>
        {
            var schedule = new ProbeSchedule(new Random(seed));
            schedule.Set([.. Checks(1)], TimeSpan.Zero);
            Assert.True(schedule.TryDequeue(TimeSpan.FromSeconds(1), out var entry));
            entry.IsStatusKnown = true;
            schedule.Reschedule(entry, entry.Due);
            return (schedule.NextDue!.Value - entry.Due).TotalMilliseconds;
        }).ToArray();
        Assert.InRange(pauses.Min(), 900, 920);
        Assert.InRange(pauses.Max(), 1080, 1100);
    }

    private static IEnumerable<Check> Checks(int count, int jitterPercent) =>
        Checks(count).Select(c => c with { Monitor = c.Monitor with { JitterPercent = jitterPercent } });

    private static IEnumerable<Check> Checks(int count) => Enumerable.Range(1, count).Select(static i => new Check(
        new CheckKey(
            new GroupKey(PoolKey.InDefault("p"), Encap.Layer2), VrfAddress.InDefault(new IPAddress(i)), "m",
            IPAddress.Loopback, 80, true), "s",
            Monitor));
}
