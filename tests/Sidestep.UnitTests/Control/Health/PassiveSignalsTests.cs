using Sidestep.Control.Health;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

public sealed class PassiveSignalsTests
{
    private static readonly VrfAddress One = VrfAddress.Parse("10.0.0.1"), Two = VrfAddress.Parse("10.0.0.2");
    private readonly ManualTime _time = new();
    private readonly PassiveSignals _signals;

    public PassiveSignalsTests() => _signals = new PassiveSignals(_time);

    [Fact]
    public void Signal_shows_its_count_its_first_and_its_last_time()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        _signals.Add(One, "port unreachable");
        _time.Advance(TimeSpan.FromSeconds(61));
        _signals.Add(One, "port unreachable");
        Assert.Equal(["port unreachable (2 times since 00:00:01, last at 00:01:02 UTC)"], _signals.Of(One));
    }

    [Fact]
    public void Signals_belong_to_one_server_and_the_most_frequent_comes_first()
    {
        _signals.Add(One, "rare");
        _signals.Add(One, "frequent");
        _signals.Add(One, "frequent");
        _signals.Add(Two, "other");
        Assert.Equal(["frequent", "rare"], _signals.Of(One).Select(static s => s.Split(' ')[0]));
        Assert.Equal(["other"], _signals.Of(Two).Select(static s => s.Split(' ')[0]));
        Assert.Empty(_signals.Of(VrfAddress.Parse("10.0.0.3")));
    }

    [Theory]
    [InlineData(1, "01:00:00")]
    [InlineData(-1, "23:00:00")]
    public void Step_of_the_wall_clock_expires_no_signal_and_shows_in_its_times(int hours, string shown)
    {
        _signals.Add(One, "old");
        _time.WallClockStep = TimeSpan.FromHours(hours);
        _signals.RemoveExpired();
        Assert.Equal([$"old (1 times since {shown}, last at {shown} UTC)"], _signals.Of(One));
        _time.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromTicks(1));
        _signals.RemoveExpired();
        Assert.Empty(_signals.Of(One));
    }

    [Fact]
    public void Signal_expires_when_it_does_not_recur_for_more_than_five_minutes()
    {
        _signals.Add(One, "old");
        _time.Advance(TimeSpan.FromMinutes(5));
        _signals.Add(One, "new");
        _signals.RemoveExpired();
        Assert.Equal(2, _signals.Of(One).Length);
        _time.Advance(TimeSpan.FromTicks(1));
        _signals.RemoveExpired();
        Assert.Equal(["new (1 times since 00:05:00, last at 00:05:00 UTC)"], _signals.Of(One));
    }

    [Fact]
    public void Recurrence_renews_a_signal()
    {
        _signals.Add(One, "again");
        _time.Advance(TimeSpan.FromMinutes(4));
        _signals.Add(One, "again");
        _time.Advance(TimeSpan.FromMinutes(4));
        _signals.RemoveExpired();
        Assert.Single(_signals.Of(One));
    }

    [Fact]
    public void Expired_signal_that_occurs_again_starts_anew()
    {
        _signals.Add(One, "again");
        _time.Advance(TimeSpan.FromMinutes(6));
        _signals.Add(One, "again");
        Assert.Equal(["again (1 times since 00:06:00, last at 00:06:00 UTC)"], _signals.Of(One));
    }

    [Fact]
    public void Number_of_signals_is_bounded_but_known_ones_still_count()
    {
        for (var i = 0; i < 10_000; i++)
            _signals.Add(One, $"signal {i}");
        _signals.Add(Two, "one too many");
        Assert.Empty(_signals.Of(Two));
        _signals.Add(One, "signal 9999");
        Assert.StartsWith("signal 9999 (2 times", _signals.Of(One)[0], StringComparison.Ordinal);
        Assert.Equal(10_000, _signals.Of(One).Length);
    }
}
