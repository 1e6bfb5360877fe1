using Sidestep.Control.Health;

namespace Sidestep.UnitTests.Control.Health;

public sealed class ProbeMeasurementTests
{
    [Theory]
    [InlineData(1500, 1500, null)]
    [InlineData(1500, 1480, "20")]
    [InlineData(9000, 1499, "7501")]
    [InlineData(1500, 128, "1372")]
    public async Task Path_MTU_search_finds_the_longest_datagram(int innerMtu, int actual, string? missing)
    {
        var tries = 0;
        var found = await PathMtuSearch.FindAsync(innerMtu, bytes =>
        {
            tries++;
            return Task.FromResult(bytes <= actual);
        });
        Assert.Equal(actual, found.MeasuredPathMtu);
        Assert.Equal(missing is null, found.Problem is null);
        if (missing is not null)
            Assert.Contains($"raise the MTU along the path by {missing},", found.Problem, StringComparison.Ordinal);
        Assert.InRange(tries, 1, 40);
    }

    [Fact]
    public async Task Path_MTU_search_without_any_echo_reply_gives_no_result()
    {
        var found = await PathMtuSearch.FindAsync(1500, static _ => Task.FromResult(false));
        Assert.Equal((null, null), (found.MeasuredPathMtu, found.Problem));
    }

    [Fact]
    public void Duration_quantiles_are_accurate_to_6_percent()
    {
        var durations = new DurationHistogram();
        for (var i = 1; i <= 10_000; i++)
            durations.Add(TimeSpan.FromMicroseconds(i * 10));
        Assert.InRange(durations.QuantileMilliseconds(0.5), 50, 53.2);
        Assert.InRange(durations.QuantileMilliseconds(0.99), 99, 100);
        Assert.Equal(100, durations.MaxMilliseconds);
        Assert.Equal(10_000, durations.Count);
    }
}
