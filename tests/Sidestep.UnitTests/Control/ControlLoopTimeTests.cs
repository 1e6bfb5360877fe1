using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>What time alone changes: windows and drains; and what a restart finds.</summary>
public sealed class ControlLoopTimeTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(IdleTimeouts.Default.Udp);
    private static readonly RealServer First = new() { Name = "server", Address = IPAddress.Parse(LoopFixture.Server) };
    private static readonly RealServer Second = new() { Name = "second", Address = IPAddress.Parse("10.0.0.12") };

    [Fact]
    public async Task AWindowIsClosedInTimeAndSlotsSettleWhenTheirFlowsAreGone()
    {
        await using var f = new LoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        Assert.Null(f.Engine.InForce!.Groups[0].Transition);

        f.Loop.Post(LoopFixture.WithServers(First, Second));
        await f.NextAsync(2, before);
        Assert.Contains(f.Engine.InForce.Groups[0].Transition!.Former, static s => s >= 0);

        Assert.Equal(Window, await f.PauseAsync());
        f.Time.Advance(Window);
        await f.NextAsync(2, before + 2);
        Assert.Contains(Transition.Remembered, f.Engine.InForce.Groups[0].Transition!.Former);
        Assert.DoesNotContain(f.Engine.InForce.Groups[0].Transition!.Former, static s => s >= 0);

        // One flow is left: it is asked for once a minute.
        f.Engine.Flows = new FlowCounts(new Dictionary<ServerKey, long> { [new(f.Engine.InForce.Groups[0].Key, First.Name, First.Address)] = 1 });
        Assert.Equal(Window, await f.PauseAsync());
        f.Time.Advance(Window);
        await f.NextAsync(2, before + 4);
        Assert.NotNull(f.Engine.InForce.Groups[0].Transition);
        f.Engine.Flows = new FlowCounts(new Dictionary<ServerKey, long>());
        f.Time.Advance(await f.PauseAsync());
        await f.NextAsync(2, before + 6);
        Assert.Null(f.Engine.InForce.Groups[0].Transition);
        Assert.Equal(before + 8, (await f.StopAsync()).Length);
        Assert.Null(f.Time.NextDue);
    }

    [Fact]
    public async Task ADrainEndsInTimeAlsoAfterARestart()
    {
        var drain = new Drain(100, AfterDrain.Resteer);
        var draining = LoopFixture.WithServers(First with { State = ServerState.Draining }, Second);
        draining = draining with { Pools = [draining.Pools[0] with { Drain = drain }] };
        RunningGroups left;
        DateTimeOffset end;
        await using (var f = new LoopFixture())
        {
            f.NextHops.Set("10.0.0.12", 0x12);
            var before = f.Start().Length;
            f.Loop.Post(LoopFixture.WithServers(First, Second));
            await f.NextAsync(2, before);
            f.Loop.Post(draining);
            await f.NextAsync(2, before + 2);
            Assert.Equal(FlowState.Keep, f.Engine.InForce!.Groups[0].Servers[0].Flows);
            left = new RunningGroups(f.Engine.InForce.HashKey, f.Engine.InForce.Groups);
            end = f.Time.GetUtcNow() + TimeSpan.FromSeconds(100);
        }

        await using var again = new LoopFixture(draining);
        again.NextHops.Set("10.0.0.12", 0x12);
        again.Engine.Running = left;
        again.Time.Advance(TimeSpan.FromSeconds(60));
        var lines = again.Start().Length;
        Assert.Equal(end - again.Time.GetUtcNow(), await again.PauseAsync());
        again.Time.Advance(TimeSpan.FromSeconds(40));
        await again.NextAsync(2, lines);
        Assert.Equal(FlowState.Move, again.Engine.InForce!.Groups[0].Servers[0].Flows);
    }

    [Fact]
    public async Task ARestartChangesNothingThatIsUnderWay()
    {
        await using var f = new LoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.WithServers(First, Second));
        await f.NextAsync(2, before);
        var former = f.Engine.InForce!.Groups[0].Transition!;

        await using var again = new LoopFixture(LoopFixture.WithServers(First, Second));
        again.NextHops.Set("10.0.0.12", 0x12);
        again.Engine.Running = new RunningGroups(f.Engine.InForce.HashKey, f.Engine.InForce.Groups);
        again.Time.Advance(TimeSpan.FromSeconds(10));
        again.Start();
        var kept = again.Engine.InForce!.Groups[0].Transition!;
        Assert.Equal(former.Former, kept.Former);
        Assert.Equal(former.WindowEnds, kept.WindowEnds);
    }

    [Fact]
    public async Task WhatTimeCannotChangeIsTriedSeldom()
    {
        await using var f = new LoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        f.Loop.Post(LoopFixture.WithServers(First, Second));
        var lines = before + (await f.NextAsync(2, before)).Length;
        f.Time.Advance(await f.PauseAsync() - TimeSpan.FromTicks(1));
        f.Engine.Refuses = static _ => "too large";
        f.Time.Advance(TimeSpan.FromTicks(1));
        for (var tries = 0; tries < 6; tries++)
        {
            await f.NextAsync(2, lines);
            lines += 2;
            var pause = await f.PauseAsync();
            Assert.Equal(tries < 5 ? 1 << tries : 60, pause.TotalSeconds);
            f.Time.Advance(pause);
        }
        await f.NextAsync(2, lines);
    }

    [Fact]
    public async Task AServerThatCannotBeReachedAsWantedIsToldAmongThoseWithoutNextHop()
    {
        var observer = new FakeObserver(new Journal());
        var layer3 = LoopFixture.WithServers(First with { Address = IPAddress.Parse("2001:db8::11") });
        layer3 = layer3 with { NetworkProfiles = [layer3.NetworkProfiles[0] with { DsrType = DsrType.L3 }] };
        await using var f = new LoopFixture(layer3, observer);
        f.NextHops.Set("2001:db8::11", 0x11);
        f.Start();
        Assert.Equal(
            ["2001:db8::11: eth0 has no global IPv6 address, which the outer header needs as its source: give it one, or the networkProfile an outer source prefix of IPv6"],
            observer.NextHops!.Unresolved.Select(static u => $"{u.Key}: {u.Value}"));
    }
}
