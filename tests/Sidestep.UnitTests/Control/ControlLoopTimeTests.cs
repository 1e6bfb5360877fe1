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
        var drain = new Drain(100, DrainDeadlineAction.Rehash);
        var draining = ControlLoopFixture.WithServers(First with { State = ServerState.Draining }, Second);
        draining = draining with { Pools = [draining.Pools[0] with { Drain = drain }] };
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
}
