using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Control;

/// <summary>A change that fails changes nothing, is retried a few times, and is reported.</summary>
public sealed class ControlLoopFailureTests
{
    private static string? RejectS1(ForwardingTables tables) => tables.Services[0].Key.Name == "s1"
        ? "too large" : null;

    [Fact]
    public async Task Failed_configuration_leaves_the_previous_one_in_force_and_following_next_hops()
    {
        await using var f = new ControlLoopFixture();
        f.Engine.RejectsTables = RejectS1;
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1"));
        Assert.Equal(["refused s1 by 11", "failed: too large", "apply s0 by 11", "the previous in force"], await f
            .NextAsync(4, before));
        f.NextHops.Set(ControlLoopFixture.Server, 0x22);
        f.NextHops.Raise();
        Assert.Equal(["refused s1 by 22", "failed: too large", "apply s0 by 22", "the previous in force"], await f
            .NextAsync(4, before + 4));
        f.Post(ControlLoopFixture.Configuration("s2"));
        Assert.Equal(["apply s2 by 22", "in force"], await f.NextAsync(2, before + 8));
        Assert.Null(f.Time.NextDue);
    }

    /// <summary>A configuration that an error in Sidestep makes impossible must not stop what health and next hops
    /// change in the previous one.</summary>
    [Fact]
    public async Task Unexpected_exception_of_one_change_leaves_the_previous_configuration_following_next_hops()
    {
        await using var f = new ControlLoopFixture();
        f.Engine.RejectsTables = static t => t.Services[0].Key.Name == "s1"
            ? throw new FormatException("why") : null;
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1"));
        Assert.Equal(["failed: unexpected FormatException: why", "apply s0 by 11", "the previous in force"], await f
            .NextAsync(3, before));
        f.NextHops.Set(ControlLoopFixture.Server, 0x22);
        f.NextHops.Raise();
        Assert.Equal(["failed: unexpected FormatException: why", "apply s0 by 22", "the previous in force"], await f
            .NextAsync(3, before + 3));
        f.Post(ControlLoopFixture.Configuration("s2"));
        Assert.Equal(["apply s2 by 22", "in force"], await f.NextAsync(2, before + 6));
    }

    [Fact]
    public async Task Retries_are_limited_and_back_off_exponentially()
    {
        await using var f = new ControlLoopFixture();
        f.Engine.RejectsTables = RejectS1;
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1"));
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
        // Only an event makes the loop try again; a retry by time would show as lines before these.
        f.Engine.RejectsTables = static _ => null;
        f.NextHops.Raise();
        Assert.Equal(["apply s1 by 11", "in force"], await f.NextAsync(2, before + 4 * 6));
        Assert.Equal(before + 4 * 6 + 2, (await f.StopAsync()).Length);
    }

    [Fact]
    public async Task Successful_retry_ends_the_retries()
    {
        await using var f = new ControlLoopFixture();
        f.Engine.RejectsTables = RejectS1;
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1"));
        await f.NextAsync(4, before);
        f.Engine.RejectsTables = static _ => null;
        f.Time.Advance(await f.PauseAsync());
        Assert.Equal(["apply s1 by 11", "in force"], await f.NextAsync(2, before + 4));
        Assert.Null(f.Time.NextDue);
    }

    [Fact]
    public async Task Failed_attach_restores_the_previous_interfaces()
    {
        await using var f = new ControlLoopFixture();
        f.Engine.RejectsAttach = static i => i.Any(static n => n.Name == "eth9") ? "no such interface" : null;
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1", ControlLoopFixture.Server, "eth9"));
        Assert.Equal(
            ["apply s1 by 11", "cannot attach eth9", "failed: no such interface", "apply s0 by 11", "attach eth0",
                "attached", "the previous in force"],
            await f.NextAsync(7, before));
        Assert.Equal(["eth0"], f.NextHops.Watched.Interfaces);
    }

    [Fact]
    public async Task New_servers_get_a_grace_period_to_resolve()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1", "10.0.0.12"));
        Assert.InRange(await f.PauseAsync(), TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        Assert.Equal(before, f.Journal.Lines.Length);
        // Both are watched: the configuration in force is still the one to fall back to.
        Assert.Equal(["10.0.0.11", "10.0.0.12"], f.NextHops.Watched.Servers.Select(static s => s.ToString()).Order());
        f.NextHops.Set("10.0.0.12", 0x12);
        f.NextHops.Raise();
        Assert.Equal(["apply s1 by 12", "in force"], await f.NextAsync(2, before));
    }

    [Fact]
    public async Task Servers_that_do_not_resolve_delay_a_change_only_briefly()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1", "10.0.0.12"));
        f.Time.Advance(await f.PauseAsync());
        Assert.Equal(["apply s1 by none", "in force"], await f.NextAsync(2, before));
    }

    [Fact]
    public async Task Newer_configuration_replaces_one_that_is_waiting()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1", "10.0.0.12"));
        await f.PauseAsync();
        f.Post(ControlLoopFixture.Configuration("s2"));
        Assert.Equal(["apply s2 by 11", "in force"], await f.NextAsync(2, before));
        Assert.Equal(before + 2, (await f.StopAsync()).Length);
    }
}
