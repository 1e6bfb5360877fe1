using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Control;

/// <summary>What cannot be applied changes nothing, is tried again a few times, and is told.</summary>
public sealed class ControlLoopFailureTests
{
    private static string? NotS1(ForwardingTables tables) => tables.Services[0].Name == "s1" ? "too large" : null;

    [Fact]
    public async Task TheFormerConfigurationStaysAndFollowsNextHops()
    {
        await using var f = new LoopFixture();
        f.Engine.Refuses = NotS1;
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1"));
        Assert.Equal(["refused s1 by 11", "failed: too large", "apply s0 by 11", "the former in force"], await f.NextAsync(4, before));
        f.NextHops.Set(LoopFixture.Server, 0x22);
        f.NextHops.Raise();
        Assert.Equal(["refused s1 by 22", "failed: too large", "apply s0 by 22", "the former in force"], await f.NextAsync(4, before + 4));
        f.Loop.Post(LoopFixture.Configuration("s2"));
        Assert.Equal(["apply s2 by 22", "in force"], await f.NextAsync(2, before + 8));
        Assert.Null(f.Time.NextDue);
    }

    [Fact]
    public async Task RetriesAreBoundedAndTheirPausesDouble()
    {
        await using var f = new LoopFixture();
        f.Engine.Refuses = NotS1;
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1"));
        var pauses = new List<double>();
        for (var tries = 1; tries <= 5; tries++)
        {
            await f.NextAsync(4 * tries, before);
            var pause = await f.PauseAsync();
            pauses.Add(pause.TotalSeconds);
            f.Time.Advance(pause - TimeSpan.FromTicks(1));
            Assert.Equal(before + 4 * tries, f.Journal.Lines.Length);
            f.Time.Advance(TimeSpan.FromTicks(1));
        }
        Assert.Equal([1, 2, 4, 8, 16], pauses);
        await f.NextAsync(4 * 6, before);
        f.Time.Advance(TimeSpan.FromHours(1));
        // An event brings it back; had time, there would be more lines before these.
        f.Engine.Refuses = static _ => null;
        f.NextHops.Raise();
        Assert.Equal(["apply s1 by 11", "in force"], await f.NextAsync(2, before + 4 * 6));
        Assert.Equal(before + 4 * 6 + 2, (await f.StopAsync()).Length);
    }

    [Fact]
    public async Task ARetryThatSucceedsEndsThem()
    {
        await using var f = new LoopFixture();
        f.Engine.Refuses = NotS1;
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1"));
        await f.NextAsync(4, before);
        f.Engine.Refuses = static _ => null;
        f.Time.Advance(await f.PauseAsync());
        Assert.Equal(["apply s1 by 11", "in force"], await f.NextAsync(2, before + 4));
        Assert.Null(f.Time.NextDue);
    }

    [Fact]
    public async Task WhenAttachingFailsTheFormerInterfacesAreAttachedAgain()
    {
        await using var f = new LoopFixture();
        f.Engine.RefusesToAttach = static i => i.Any(static n => n.Name == "eth9") ? "no such interface" : null;
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1", LoopFixture.Server, "eth9"));
        Assert.Equal(
            ["apply s1 by 11", "cannot attach eth9", "failed: no such interface", "apply s0 by 11", "attach eth0", "attached", "the former in force"],
            await f.NextAsync(7, before));
        Assert.Equal(["eth0"], f.NextHops.Watched.Interfaces);
    }

    [Fact]
    public async Task ServersThatAreNewGetAMomentToAnswer()
    {
        await using var f = new LoopFixture();
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1", "10.0.0.12"));
        Assert.InRange(await f.PauseAsync(), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        Assert.Equal(before, f.Journal.Lines.Length);
        // Both are watched: the configuration in force is still the one to fall back to.
        Assert.Equal(["10.0.0.11", "10.0.0.12"], f.NextHops.Watched.Servers.Select(static s => s.ToString()).Order());
        f.NextHops.Set("10.0.0.12", 0x12);
        f.NextHops.Raise();
        Assert.Equal(["apply s1 by 12", "in force"], await f.NextAsync(2, before));
    }

    [Fact]
    public async Task ServersThatDoNotAnswerHoldUpNothingForLong()
    {
        await using var f = new LoopFixture();
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1", "10.0.0.12"));
        f.Time.Advance(await f.PauseAsync());
        Assert.Equal(["apply s1 by none", "in force"], await f.NextAsync(2, before));
    }

    [Fact]
    public async Task ANewerConfigurationReplacesOneThatWaits()
    {
        await using var f = new LoopFixture();
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1", "10.0.0.12"));
        await f.PauseAsync();
        f.Loop.Post(LoopFixture.Configuration("s2"));
        Assert.Equal(["apply s2 by 11", "in force"], await f.NextAsync(2, before));
        Assert.Equal(before + 2, (await f.StopAsync()).Length);
    }
}
