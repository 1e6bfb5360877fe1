using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class LoopProgressTests
{
    [Fact]
    public async Task Loop_that_waits_for_events_makes_progress()
    {
        await using var f = new ControlLoopFixture();
        f.Start();
        var progress = new LoopProgress(f.Loop);
        await Waiting.UntilAsync(() => f.Loop.IsWaiting);
        Assert.True(progress.HasTurned());
        Assert.True(progress.HasTurned());
    }

    [Fact]
    public async Task Loop_that_hangs_in_one_event_makes_none_until_it_goes_on()
    {
        await using var f = new ControlLoopFixture();
        f.Start();
        using var inside = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        f.Engine.Applying = () =>
        {
            inside.Release();
            go.Wait(TimeSpan.FromSeconds(10));
        };
        f.Post(ControlLoopFixture.Configuration("s1"));
        Assert.True(await inside.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        var progress = new LoopProgress(f.Loop);
        progress.HasTurned();
        Assert.False(progress.HasTurned());
        Assert.False(progress.HasTurned());
        go.Release(100);
        await Waiting.UntilAsync(() => f.Loop.IsWaiting);
        Assert.True(progress.HasTurned());
    }
}
