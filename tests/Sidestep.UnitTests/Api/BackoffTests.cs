using Sidestep.Api;

namespace Sidestep.UnitTests.Api;

public sealed class BackoffTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Pauses_double_up_to_the_longest()
    {
        var backoff = new Backoff(Second, 30 * Second);
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], Enumerable.Range(0, 7).Select(_ => backoff.Next().TotalSeconds));
    }

    [Fact]
    public void Success_starts_again_with_the_first_pause()
    {
        var backoff = new Backoff(Second, 30 * Second);
        backoff.Next();
        backoff.Next();
        backoff.Reset();
        Assert.Equal(Second, backoff.Next());
    }

    [Fact]
    public void Jitter_shortens_pauses_by_at_most_its_share_and_does_not_change_their_growth()
    {
        foreach (var seed in Enumerable.Range(0, 100))
        {
            var backoff = new Backoff(Second, 8 * Second, 0.25, new Random(seed));
            foreach (var longest in new[] { 1, 2, 4, 8, 8 })
                Assert.InRange(backoff.Next().TotalSeconds, 0.75 * longest, longest);
        }
    }

    [Fact]
    public void Longest_pause_of_all_does_not_overflow()
    {
        var backoff = new Backoff(TimeSpan.MaxValue / 2 + TimeSpan.FromTicks(1), TimeSpan.MaxValue);
        backoff.Next();
        Assert.Equal(TimeSpan.MaxValue, backoff.Next());
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 2, -0.1)]
    [InlineData(1, 2, 1.1)]
    public void Pauses_that_make_no_sense_are_rejected(int first, int longest, double jitter) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Backoff(first * Second, longest * Second, jitter));
}
