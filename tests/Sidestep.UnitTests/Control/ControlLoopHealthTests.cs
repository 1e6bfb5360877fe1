using System.Collections.Immutable;
using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>Health, drains and make-before-break on their path to the tables.</summary>
public sealed class ControlLoopHealthTests
{
    private static readonly GroupKey Old = new(PoolKey.InDefault("pool"), Encap.Layer2, ServiceKey.InDefault("s0")),
        New = Old with { Pool = PoolKey.InDefault("new") };
    private static readonly RealServer First =
        new() { Name = "server", Address = IPAddress.Parse(ControlLoopFixture.Server) };
    private static readonly RealServer Second = new() { Name = "second", Address = IPAddress.Parse("10.0.0.12") };
    private readonly FakeHealth _health = new();

    [Fact]
    public async Task Change_of_health_is_compiled_and_reported_back()
    {
        await using var f = new ControlLoopFixture(health: _health);
        var before = f.Start().Length;
        Assert.Empty(f.Engine.InForce!.Groups[0].Slots.Members);
        Assert.Equal([0], _health.AppliedVersions);
        _health.Set(1, (Old, First.VrfAddress));
        Assert.Equal(["apply s0 by 11", "in force"], await f.NextAsync(2, before));
        Assert.Equal([First.Address], f.Engine.InForce.Groups[0].Slots.Members.Select(static m => m.Address));
        await f.StopAsync();
        Assert.Equal([0, 1], _health.AppliedVersions);
    }

    [Fact]
    public async Task Failed_change_of_health_is_not_reported_back()
    {
        await using var f = new ControlLoopFixture(health: _health);
        var before = f.Start().Length;
        f.Engine.RejectsTables = static _ => "too large";
        _health.Set(1, (Old, First.VrfAddress));
        Assert.Equal(["refused s0 by 11", "failed: too large"], await f.NextAsync(2, before));
        await f.StopAsync();
        Assert.Equal([0], _health.AppliedVersions);
    }

    [Fact]
    public async Task Service_stays_in_its_previous_pool_until_the_new_one_is_verified()
    {
        var observer = new FakeObserver(new Journal());
        _health.Set(1, (Old, First.VrfAddress));
        await using var f = new ControlLoopFixture(observer: observer, health: _health);
        f.NextHops.Set("10.0.0.12", 0x12);
        var before = f.Start().Length;
        var next = WithPool("new", Second);
        f.Post(next);
        Assert.Equal(["apply s0 by 12+11"], await f.NextAsync(1, before));
        await Until.TrueAsync(() => observer.Configuration is { RetainsAny: true }, "nothing is retained");
        Assert.Equal(Old, f.Engine.InForce!.Services[0].Group);
        Assert.Same(next, observer.Configuration!.Desired);
        Assert.Equal(["10.0.0.11", "10.0.0.12"], Watched(f));
        Assert.Equal(TimeSpan.FromSeconds(5), await f.PauseAsync());

        _health.Set(2, (Old, First.VrfAddress), (New, Second.VrfAddress));
        await Until.TrueAsync(() => observer.Configuration is { RetainsAny: false }, "the previous pool is still "
            + "retained");
        Assert.Equal(New, f.Engine.InForce.Services[0].Group);
        await f.StopAsync();
        Assert.Equal(["10.0.0.12"], Watched(f));
        Assert.Equal([1, 1, 2], _health.AppliedVersions);
    }

    [Fact]
    public async Task After_five_seconds_one_verified_server_is_enough()
    {
        _health.Set(1, (Old, First.VrfAddress));
        await using var f = new ControlLoopFixture(health: _health);
        f.NextHops.Set("10.0.0.12", 0x12);
        f.NextHops.Set("10.0.0.13", 0x13);
        var before = f.Start().Length;
        f.Post(WithPool("new", Second, Second with { Name = "third", Address = IPAddress.Parse("10.0.0.13") }));
        await f.NextAsync(2, before);
        _health.Set(2, (Old, First.VrfAddress), (New, Second.VrfAddress));
        await f.NextAsync(2, before + 2);
        Assert.Equal(Old, f.Engine.InForce!.Services[0].Group);
        f.Time.Advance(await f.PauseAsync());
        await f.NextAsync(2, before + 4);
        Assert.Equal(New, f.Engine.InForce.Services[0].Group);
        await f.StopAsync();
        Assert.Null(f.Time.NextDue);
    }

    [Fact]
    public async Task Drain_reaches_the_tables_and_the_observer()
    {
        var observer = new FakeObserver(new Journal());
        await using var f = new ControlLoopFixture(observer: observer);
        f.Start();
        var written = ControlLoopFixture.Configuration("s0");
        _ = f.Loop.PostAsync(new EffectiveConfiguration(written)
            .WithDrains([new ServerDrain(RealServerKey.InDefault("server"), DrainSource.Operator)]));
        await Until.TrueAsync(() => observer.Configuration is { Drains.IsEmpty: false }, "the drain is not applied");
        Assert.NotNull(f.Engine.InForce!.Groups[0].Servers[0].DrainingSince);
        Assert.Same(written, observer.Configuration!.Desired);
    }

    [Fact]
    public async Task Peers_of_the_applied_configuration_are_watched()
    {
        await using var f = new ControlLoopFixture(WithPeers("10.0.0.3"));
        var before = f.Start().Length;
        Assert.Equal(["10.0.0.3"], f.NextHops.WatchedPeers.Select(static p => p.ToString()));
        f.Post(WithPeers("10.0.0.4"));
        await f.NextAsync(2, before);
        await f.StopAsync();
        Assert.Equal(["10.0.0.4"], f.NextHops.WatchedPeers.Select(static p => p.ToString()));
    }

    [Fact]
    public async Task Configuration_that_can_never_be_applied_again_is_reported_so()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.Engine.RejectsTables = static _ => "too large";
        f.Post(ControlLoopFixture.Configuration("s1"));
        Assert.Equal(
            [
                "refused s1 by 11", "failed: too large", "refused s0 by 11",
                "failed: the previous configuration could not be applied again either: too large",
            ], await f.NextAsync(4, before));
    }

    [Fact]
    public async Task Hosts_of_a_configuration_that_failed_are_not_watched_any_more()
    {
        await using var f = new ControlLoopFixture();
        f.NextHops.Set("10.0.0.12", 0x12);
        f.Engine.RejectsTables = static t => t.Services[0].Key.Name == "s1" ? "too large" : null;
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1", "10.0.0.12"));
        await f.NextAsync(4, before);
        await f.StopAsync();
        Assert.Equal([ControlLoopFixture.Server], Watched(f));
    }

    [Fact]
    public async Task Tables_of_an_earlier_process_are_the_start_of_a_transition()
    {
        var configuration = ControlLoopFixture.WithServers(First, Second);
        RunningGroups running;
        await using (var f = new ControlLoopFixture(ControlLoopFixture.WithServers(First)))
        {
            f.Start();
            running = new RunningGroups(f.Engine.InForce!.HashKey, f.Engine.InForce.Groups);
        }
        await using var again = new ControlLoopFixture(configuration);
        again.NextHops.Set("10.0.0.12", 0x12);
        again.Engine.Running = running;
        again.Start();
        Assert.NotNull(again.Engine.InForce!.Groups[0].Transition);
    }

    private static string[] Watched(ControlLoopFixture f) => [.. f.NextHops.Watched.Servers
        .Select(static s => s.ToString()).Order()];

    private static Configuration WithPool(string name, params RealServer[] servers)
    {
        var configuration = ControlLoopFixture.WithServers(servers);
        return configuration with
        {
            Pools = [configuration.Pools[0] with { Name = name }],
            VirtualServices = [configuration.VirtualServices[0] with { Pool = name }],
        };
    }

    private static Configuration WithPeers(params string[] peers)
    {
        var configuration = ControlLoopFixture.Configuration("s0");
        return configuration
            with
        { Group = configuration.Group with { Peers = [.. peers.Select(IPAddress.Parse)] } };
    }

    /// <summary>The health that the test sets; pools are monitored by default.</summary>
    private sealed class FakeHealth : IHealth
    {
        private readonly Lock _gate = new();
        private readonly List<long> _applied = [];
        private ServerHealth _health = new(ImmutableDictionary<GroupKey, GroupHealth>.Empty);

        public event Action? Changed;

        public long[] AppliedVersions
        {
            get
            {
                lock (_gate)
                    return [.. _applied];
            }
        }

        public void Set(long version, params (GroupKey Group, VrfAddress Server)[] healthy)
        {
            lock (_gate)
                _health = new ServerHealth(healthy.GroupBy(static h => h.Group).ToImmutableDictionary(
                    static g => g.Key, static g => new GroupHealth([.. g.Select(static h => h.Server)])), version);
            Changed?.Invoke();
        }

        public ServerHealth Evaluate(EffectiveConfiguration configuration)
        {
            lock (_gate)
                return _health;
        }

        public void Applied(EffectiveConfiguration configuration, ForwardingTables tables, ServerHealth health)
        {
            lock (_gate)
                _applied.Add(health.Version);
        }
    }
}
