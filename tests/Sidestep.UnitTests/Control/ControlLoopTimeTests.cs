using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>Changes that only time makes: migration windows and drains. They outlive a restart.</summary>
public sealed class ControlLoopTimeTests
{
    private static readonly TimeSpan MigrationWindow = TimeSpan.FromSeconds(IdleTimeouts.Default.Udp);
    private static readonly RealServer First =
        new() { Name = "server", Address = IPAddress.Parse(ControlLoopFixture.Server) };
    private static readonly RealServer Second = new() { Name = "second", Address = IPAddress.Parse("10.0.0.12") };

    [Fact]
    public async Task Migration_window_closes_on_time_and_slots_become_stable_when_their_flows_end()
    {
        await using var f = new ControlLoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        Assert.Null(f.Engine.InForce!.Groups[0].Transition);

        f.Post(ControlLoopFixture.WithServers(First, Second));
        await f.NextAsync(2, before);
        Assert.Contains(f.Engine.InForce.Groups[0].Transition!.PreviousServers, static s => s >= 0);

        Assert.Equal(MigrationWindow, await f.PauseAsync());
        f.Time.Advance(MigrationWindow);
        await f.NextAsync(2, before + 2);
        Assert.Contains(Transition.Tracked, f.Engine.InForce.Groups[0].Transition!.PreviousServers);
        Assert.DoesNotContain(f.Engine.InForce.Groups[0].Transition!.PreviousServers, static s => s >= 0);

        // One flow is left: the loop counts flows once a minute.
        f.Engine.Flows =
            new FlowCounts(new Dictionary<ServerKey,
                long>
            { [new(f.Engine.InForce.Groups[0].Key, First.Name, First.VrfAddress)] = 1 });
        Assert.Equal(MigrationWindow, await f.PauseAsync());
        f.Time.Advance(MigrationWindow);
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
    public async Task Drain_ends_at_its_deadline_even_after_a_restart()
    {
        var draining = Draining();
        RunningGroups adopted;
        DateTimeOffset end;
        await using (var f = new ControlLoopFixture())
        {
            f.NextHops.Set("10.0.0.12", 0x12);
            var before = f.Start().Length;
            f.Post(ControlLoopFixture.WithServers(First, Second));
            await f.NextAsync(2, before);
            f.Post(draining);
            await f.NextAsync(2, before + 2);
            Assert.Equal(FlowState.Keep, f.Engine.InForce!.Groups[0].Servers[0].Flows);
            adopted = new RunningGroups(f.Engine.InForce.HashKey, f.Engine.InForce.Groups);
            end = f.Time.GetUtcNow() + TimeSpan.FromSeconds(100);
        }

        await using var again = new ControlLoopFixture(draining);
        again.NextHops.Set("10.0.0.12", 0x12);
        again.Engine.Running = adopted;
        again.Time.Advance(TimeSpan.FromSeconds(60));
        var lines = again.Start().Length;
        Assert.Equal(end - again.Time.GetUtcNow(), await again.PauseAsync());
        again.Time.Advance(TimeSpan.FromSeconds(40));
        await again.NextAsync(2, lines);
        Assert.Equal(FlowState.Move, again.Engine.InForce!.Groups[0].Servers[0].Flows);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Step_of_the_wall_clock_changes_no_migration_window(int hours)
    {
        await using var f = new ControlLoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.WithServers(First, Second));
        await f.NextAsync(2, before);
        f.Time.Advance(MigrationWindow / 4);
        f.Time.WallClockStep = TimeSpan.FromHours(hours);
        f.NextHops.Raise();
        await f.NextAsync(2, before + 2);
        Assert.Contains(f.Engine.InForce!.Groups[0].Transition!.PreviousServers, static s => s >= 0);
        Assert.Equal(MigrationWindow * 3 / 4, await f.PauseAsync());
        f.Time.Advance(MigrationWindow * 3 / 4);
        await f.NextAsync(2, before + 4);
        Assert.DoesNotContain(f.Engine.InForce.Groups[0].Transition!.PreviousServers, static s => s >= 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Step_of_the_wall_clock_changes_no_deadline_of_a_drain(int hours)
    {
        await using var f = new ControlLoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.WithServers(First, Second));
        await f.NextAsync(2, before);
        f.Post(Draining());
        await f.NextAsync(2, before + 2);
        f.Time.Advance(TimeSpan.FromSeconds(30));
        f.Time.WallClockStep = TimeSpan.FromHours(hours);
        f.NextHops.Raise();
        await f.NextAsync(2, before + 4);
        Assert.Equal(FlowState.Keep, f.Engine.InForce!.Groups[0].Servers[0].Flows);
        Assert.Equal(TimeSpan.FromSeconds(70), await f.PauseAsync());
        f.Time.Advance(TimeSpan.FromSeconds(70));
        await f.NextAsync(2, before + 6);
        Assert.Equal(FlowState.Move, f.Engine.InForce.Groups[0].Servers[0].Flows);
    }

    /// <summary>A daemon of an earlier version left times of the wall clock, which are far ahead of the monotonic
    /// clock.</summary>
    [Fact]
    public async Task Drain_of_an_earlier_version_begins_again_and_its_window_ends_within_a_day()
    {
        var wallClock = new DateTimeOffset(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);
        await using var f = new ControlLoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.WithServers(First, Second));
        await f.NextAsync(2, before);
        f.Post(Draining());
        await f.NextAsync(2, before + 2);
        var group = f.Engine.InForce!.Groups[0];

        await using var again = new ControlLoopFixture(Draining());
        again.NextHops.Set("10.0.0.12", 0x12);
        again.Engine.Running = new RunningGroups(f.Engine.InForce.HashKey,
        [
            group with
            {
                Transition = group.Transition! with { MigrationWindowEnds = wallClock },
                Servers = [group.Servers[0] with { DrainingSince = wallClock }, .. group.Servers.Skip(1)],
            },
        ]);
        var lines = again.Start().Length;
        Assert.Equal(TimeSpan.FromDays(1), again.Engine.InForce!.Groups[0].Transition!.MigrationWindowEnds
            - MonotonicClock.Now(again.Time));
        Assert.Equal(TimeSpan.FromSeconds(100), await again.PauseAsync());
        again.Time.Advance(TimeSpan.FromSeconds(100));
        await again.NextAsync(2, lines);
        Assert.Equal(FlowState.Move, again.Engine.InForce!.Groups[0].Servers[0].Flows);
    }

    [Fact]
    public async Task Restart_does_not_change_a_transition()
    {
        await using var f = new ControlLoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.WithServers(First, Second));
        await f.NextAsync(2, before);
        var original = f.Engine.InForce!.Groups[0].Transition!;

        await using var again = new ControlLoopFixture(ControlLoopFixture.WithServers(First, Second));
        again.NextHops.Set("10.0.0.12", 0x12);
        again.Engine.Running = new RunningGroups(f.Engine.InForce.HashKey, f.Engine.InForce.Groups);
        again.Time.Advance(TimeSpan.FromSeconds(10));
        again.Start();
        var restored = again.Engine.InForce!.Groups[0].Transition!;
        Assert.Equal(original.PreviousServers, restored.PreviousServers);
        Assert.Equal(original.MigrationWindowEnds, restored.MigrationWindowEnds);
    }

    [Fact]
    public async Task Failing_timed_change_backs_off_to_one_retry_a_minute()
    {
        await using var f = new ControlLoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.WithServers(First, Second));
        var lines = before + (await f.NextAsync(2, before)).Length;
        f.Time.Advance(await f.PauseAsync() - TimeSpan.FromTicks(1));
        f.Engine.RejectsTables = static _ => "too large";
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
    public async Task Server_without_an_outer_source_is_reported_as_unresolved()
    {
        var observer = new FakeObserver(new Journal());
        var layer3 = ControlLoopFixture.WithServers(First with { Address = IPAddress.Parse("2001:db8::11") });
        layer3 = layer3 with { NetworkProfiles = [layer3.NetworkProfiles[0] with { DsrType = DsrType.L3 }] };
        await using var f = new ControlLoopFixture(layer3, observer);
        f.NextHops.Set("2001:db8::11", 0x11);
        f.Start();
        Assert.Equal(
            ["2001:db8::11: eth0 has no global IPv6 address, which the outer header needs as its source: give it one, "
                + "or give the networkProfile an outer source prefix of IPv6"],
            observer.NextHops!.Unresolved.Select(static u => $"{u.Key}: {u.Value}"));
    }

    /// <summary>The first server drains for at most 100 s.</summary>
    private static Configuration Draining()
    {
        var draining = ControlLoopFixture.WithServers(First with { State = ServerState.Draining }, Second);
        return draining with
        {
            Pools = [draining.Pools[0] with { Drain = new Drain(100, DrainDeadlineAction.Rehash) }],
        };
    }
}
