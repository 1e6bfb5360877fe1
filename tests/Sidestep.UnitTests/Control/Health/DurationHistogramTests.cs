using FsCheck;
using FsCheck.Fluent;
using Sidestep.Control.Health;

namespace Sidestep.UnitTests.Control.Health;

public sealed class DurationHistogramTests
{
    [Fact]
    public void Empty_histogram_has_only_zeros()
    {
        var durations = new DurationHistogram();
        Assert.Equal((0L, 0d, 0d), (durations.Count, durations.MaxMilliseconds, durations.QuantileMilliseconds(0.5)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.001)]
    [InlineData(15, 0.015)]
    [InlineData(16, 0.016)]
    [InlineData(1000, 1)]
    public void Single_duration_is_its_own_quantile_because_none_exceeds_the_longest(int microseconds,
        double milliseconds)
    {
        var durations = new DurationHistogram();
        durations.Add(TimeSpan.FromMicroseconds(microseconds));
        Assert.Equal(milliseconds, durations.QuantileMilliseconds(1));
        Assert.Equal(milliseconds, durations.MaxMilliseconds);
    }

    [Fact]
    public void Negative_duration_counts_as_zero()
    {
        var durations = new DurationHistogram();
        durations.Add(TimeSpan.FromSeconds(-1));
        Assert.Equal((1L, 0d), (durations.Count, durations.MaxMilliseconds));
    }

    [Fact]
    public void Durations_below_16_microseconds_are_exact()
    {
        var durations = new DurationHistogram();
        for (var i = 0; i < 16; i++)
            durations.Add(TimeSpan.FromMicroseconds(i));
        Assert.Equal([0.0, 0.003, 0.007, 0.015],
            new[] { 1 / 16d, 0.25, 0.5, 1 }.Select(durations.QuantileMilliseconds));
    }

    [Fact]
    public void Steps_of_an_octave_are_a_sixteenth_of_its_start()
    {
        var durations = new DurationHistogram();
        // 1,024 to 1,087 microseconds are one step, with 1,088 as its end; the next ends at 1,152.
        foreach (var microseconds in new[] { 1024, 1087, 1088, 5000 })
            durations.Add(TimeSpan.FromMicroseconds(microseconds));
        Assert.Equal([1.088, 1.088, 1.152, 5], new[] { 0.25, 0.5, 0.75, 1 }.Select(durations.QuantileMilliseconds));
    }

    [Fact]
    public void Longest_duration_is_that_of_any_order()
    {
        var durations = new DurationHistogram();
        foreach (var milliseconds in new[] { 3, 7, 5 })
            durations.Add(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(7, durations.MaxMilliseconds);
    }

    [Fact]
    public void Durations_beyond_the_last_step_count_as_its_end()
    {
        var durations = new DurationHistogram();
        durations.Add(TimeSpan.MaxValue);
        Assert.Equal(1, durations.Count);
        // 40 octaves of microseconds, from 16: 2^43.
        Assert.Equal((1L << 43) / 1000d, durations.QuantileMilliseconds(1));
    }

    [Fact]
    public void Clear_removes_everything()
    {
        var durations = new DurationHistogram();
        durations.Add(TimeSpan.FromSeconds(1));
        durations.Clear();
        Assert.Equal((0L, 0d, 0d), (durations.Count, durations.MaxMilliseconds, durations.QuantileMilliseconds(1)));
        durations.Add(TimeSpan.FromMilliseconds(2));
        Assert.Equal(2, durations.QuantileMilliseconds(1));
    }

    [Fact]
    public void Quantile_is_at_least_the_exact_one_and_at_most_a_sixteenth_more() => Prop.ForAll(
        Gen.ArrayOf(Gen.Choose(0, 100_000_000)).Where(static a => a.Length > 0).ToArbitrary(),
        Gen.Choose(1, 100).ToArbitrary(), static (microseconds, percent) =>
        {
            var durations = new DurationHistogram();
            foreach (var m in microseconds)
                durations.Add(TimeSpan.FromMicroseconds(m));
            var rank = (int)Math.Ceiling(microseconds.Length * (percent / 100d));
            var exact = microseconds.Order().ElementAt(rank - 1) / 1000d;
            var found = durations.QuantileMilliseconds(percent / 100d);
            return found >= exact && found <= exact * 17 / 16;
        }).QuickCheckThrowOnFailure();
}
