using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Control;

/// <summary>The one way to the tables.</summary>
public sealed class ControlLoopTests
{
    [Fact]
    public async Task TablesAreThereBeforePacketsAre()
    {
        await using var f = new LoopFixture();
        Assert.Equal(["apply s0 by 11", "attach eth0", "attached", "in force"], f.Start());
        Assert.Equal(["eth0"], f.NextHops.Watched.Interfaces);
    }

    [Fact]
    public async Task WhatTheStartCannotDoIsForTheCaller()
    {
        await using var f = new LoopFixture();
        f.Engine.RefusesToAttach = static _ => "occupied";
        Assert.Equal("occupied", Assert.Throws<EngineException>(f.Loop.Start).Message);
    }

    [Fact]
    public async Task AnEditIsAppliedAndAttachesOnlyWhenTheInterfacesChange()
    {
        await using var f = new LoopFixture();
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.Configuration("s1"));
        Assert.Equal(["apply s1 by 11", "in force"], await f.NextAsync(2, before));
        f.Loop.Post(LoopFixture.Configuration("s1", LoopFixture.Server, "eth0", "eth1"));
        Assert.Equal(["apply s1 by 11", "attach eth0+eth1", "attached", "in force"], await f.NextAsync(4, before + 2));
        Assert.Equal(before + 6, (await f.StopAsync()).Length);
    }

    [Fact]
    public async Task WhenAnInterfaceLeavesItsWaysAreForgottenOnlyAfterwards()
    {
        await using var f = new LoopFixture();
        f.Start();
        f.Loop.Post(LoopFixture.Configuration("s1", LoopFixture.Server, "eth0", "eth1"));
        var before = (await f.NextAsync(8, 0)).Length;
        var watched = Array.Empty<string>();
        f.Engine.RefusesToAttach = _ =>
        {
            watched = f.NextHops.Watched.Interfaces;
            return null;
        };
        f.Loop.Post(LoopFixture.Configuration("s1"));
        Assert.Equal(["apply s1 by 11", "attach eth0", "attached", "in force", "apply s1 by 11", "in force"], await f.NextAsync(6, before));
        Assert.Equal(["eth0", "eth1"], watched.Order());
        Assert.Equal(["eth0"], f.NextHops.Watched.Interfaces);
    }

    [Fact]
    public async Task ANewNextHopIsFollowed()
    {
        await using var f = new LoopFixture();
        var before = f.Start().Length;
        f.NextHops.Set(LoopFixture.Server, 0x22);
        f.NextHops.Raise();
        Assert.Equal(["apply s0 by 22", "in force"], await f.NextAsync(2, before));
    }

    [Fact]
    public async Task EventsThatCameTogetherAreOneChangeToTheNewest()
    {
        await using var f = new LoopFixture();
        var before = f.Start().Length;
        using var inside = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        f.Engine.Applying = () =>
        {
            inside.Release();
            go.Wait(TimeSpan.FromSeconds(10));
        };
        f.Loop.Post(LoopFixture.Configuration("s1"));
        Assert.True(await inside.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        for (var i = 2; i <= 5; i++)
        {
            f.Loop.Post(LoopFixture.Configuration($"s{i}"));
            f.NextHops.Raise();
        }
        go.Release(100);

        Assert.Equal(["apply s1 by 11", "in force", "apply s5 by 11", "in force"], await f.NextAsync(4, before));
        Assert.Equal(before + 4, (await f.StopAsync()).Length);
    }

    [Fact]
    public async Task AnInterfaceThatWasMadeAnewIsAttachedAgain()
    {
        await using var f = new LoopFixture();
        var before = f.Start().Length;
        f.NextHops.InterfaceIndex = 8;
        f.NextHops.Raise();
        Assert.Equal(["apply s0 by 11", "attach eth0", "attached", "in force"], await f.NextAsync(4, before));
    }
}
