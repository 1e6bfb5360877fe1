using Sidestep.Control.Health;

namespace Sidestep.UnitTests.Control.Health;

public sealed class MeasureTests
{
    [Theory]
    [InlineData(1500, 1500, null)]
    [InlineData(1500, 1480, "20")]
    [InlineData(9000, 1499, "7501")]
    [InlineData(1500, 128, "1372")]
    public async Task The_longest_datagram_is_found(int room, int truth, string? missing)
    {
        var tries = 0;
        var found = await MtuSearch.FindAsync(room, bytes =>
        {
            tries++;
            return Task.FromResult(bytes <= truth);
        });
        Assert.Equal(truth, found.Works);
        Assert.Equal(missing is null, found.Problem is null);
        if (missing is not null)
            Assert.Contains($"raise the MTU on the way by {missing},", found.Problem, StringComparison.Ordinal);
        Assert.InRange(tries, 1, 40);
    }

    [Fact]
    public async Task Who_answers_no_echo_has_said_nothing()
    {
        var found = await MtuSearch.FindAsync(1500, static _ => Task.FromResult(false));
        Assert.Equal((null, null), (found.Works, found.Problem));
    }

    [Fact]
    public void A_distribution_is_right_to_6_percent()
    {
        var durations = new Durations();
        for (var i = 1; i <= 10_000; i++)
            durations.Add(TimeSpan.FromMicroseconds(i * 10));
        Assert.InRange(durations.Milliseconds(0.5), 50, 53.2);
        Assert.InRange(durations.Milliseconds(0.99), 99, 100);
        Assert.Equal(100, durations.LongestMilliseconds);
        Assert.Equal(10_000, durations.Count);
    }
}
