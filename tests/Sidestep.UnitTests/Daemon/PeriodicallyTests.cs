using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class PeriodicallyTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Action_runs_after_each_interval_until_cancelled()
    {
        using var stop = new CancellationTokenSource();
        var runs = 0;
        var task = Periodically.RunAsync(TimeSpan.FromSeconds(1), _time, () =>
            Interlocked.Increment(ref runs), stop.Token);
        for (var second = 1; second <= 3; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.9));
            Assert.Equal(second - 1, Volatile.Read(ref runs));
            _time.Advance(TimeSpan.FromSeconds(0.1));
            await Waiting.UntilAsync(() => Volatile.Read(ref runs) == second);
        }
        await stop.CancelAsync();
        await task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Failure_of_the_action_ends_it()
    {
        var task = Periodically.RunAsync(TimeSpan.FromSeconds(1), _time, static () =>
            throw new FormatException(), TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<FormatException>(() => task);
    }
}
