using System.Collections.Immutable;
using System.Net;
using Sidestep.Control;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>What a change retains of the previous configuration until the new servers are verified.</summary>
public sealed class MakeBeforeBreakTests
{
    private readonly ManualTime _time = new();
    private readonly MakeBeforeBreak _makeBeforeBreak;
    private readonly EffectiveConfiguration _previous = With("old", Pool("old", 1, 2));

    public MakeBeforeBreakTests() => _makeBeforeBreak = new MakeBeforeBreak(_time);

    [Fact]
    public void First_configuration_retains_nothing()
    {
        var desired = With("new", Pool("new", 3, 4));
        Assert.Same(desired, Merge(desired, null));
        Assert.Null(_makeBeforeBreak.Wake);
    }

    [Fact]
    public void Service_keeps_its_old_pool_until_all_servers_of_the_new_one_are_verified()
    {
        var desired = With("new", Pool("new", 3, 4));
        var effective = Merge(desired, _previous, ("old", 1));
        var service = effective.Desired.VirtualServices[0];
        Assert.Same(desired.Desired, effective.Desired);
        Assert.Equal(PoolKey.InDefault("old"), effective.ServingPoolOf(service));
        Assert.Equal(["new", "old"], effective.PoolsOf(service).Select(static p => p.ToString()));
        Assert.Equal(["new", "old"], effective.Pools.Select(static p => p.Name));
        Assert.Equal([new RetainedService(service, _previous.Pools[0])], effective.RetainedServices);
        Assert.Empty(effective.RetainedServers);

        Assert.Same(effective, Merge(desired, effective, ("old", 1), ("new", 3)));
        Assert.Same(desired, Merge(desired, effective, ("old", 1), ("new", 3), ("new", 4)));
        // It is over, whatever becomes of the new servers.
        Assert.Same(desired, Merge(desired, desired));
        Assert.Null(_makeBeforeBreak.Wake);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Step_of_the_wall_clock_does_not_change_the_five_seconds(int hours)
    {
        var desired = With("new", Pool("new", 3, 4));
        var effective = Merge(desired, _previous, ("old", 1));
        _time.WallClockStep = TimeSpan.FromHours(hours);
        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Same(effective, Merge(desired, effective, ("old", 1), ("new", 3)));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Same(desired, Merge(desired, effective, ("old", 1), ("new", 3)));
    }

    [Fact]
    public void One_verified_server_is_enough_after_five_seconds()
    {
        var desired = With("new", Pool("new", 3, 4));
        var effective = Merge(desired, _previous, ("old", 1));
        Assert.Equal(_time.GetUtcNow().AddSeconds(5), _makeBeforeBreak.Wake);
        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Same(effective, Merge(desired, effective, ("old", 1), ("new", 3)));
        Assert.Equal(_time.GetUtcNow().AddTicks(1), _makeBeforeBreak.Wake);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(_makeBeforeBreak.Wake);
        Assert.Same(desired, Merge(desired, effective, ("old", 1), ("new", 3)));
    }

    [Fact]
    public void Service_keeps_its_old_pool_as_long_as_that_can_serve_and_no_new_server_is_verified()
    {
        var desired = With("new", Pool("new", 3));
        var effective = Merge(desired, _previous, ("old", 1), ("old", 2));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(_makeBeforeBreak.Wake);
        Assert.Same(effective, Merge(desired, effective, ("old", 2)));
        Assert.Same(desired, Merge(desired, effective));
    }

    [Fact]
    public void Next_change_while_a_pool_is_retained_keeps_the_pool_that_serves()
    {
        var effective = Merge(With("new", Pool("new", 3)), _previous, ("old", 1));
        var next = With("newest", Pool("newest", 5));
        Assert.Equal(PoolKey.InDefault("old"),
            Merge(next, effective, ("old", 1)).ServingPoolOf(next.Desired.VirtualServices[0]));
    }

    [Fact]
    public void Return_to_the_serving_pool_retains_nothing()
    {
        var effective = Merge(With("new", Pool("new", 3)), _previous, ("old", 1));
        var back = With("old", Pool("old", 1, 2));
        Assert.Same(back, Merge(back, effective));
    }

    [Fact]
    public void Retained_pool_that_the_file_still_has_is_the_one_of_the_file()
    {
        var changed = Pool("old", 1, 2, 6);
        var desired = With("new", changed, Pool("new", 3));
        var effective = Merge(desired, _previous, ("old", 1));
        Assert.Same(changed, Assert.Single(effective.RetainedServices).ServingPool);
        Assert.Equal(desired.Pools, effective.Pools);
    }

    [Fact]
    public void Removed_servers_are_retained_while_no_other_server_is_verified()
    {
        var desired = With("old", Pool("old", 2, 3));
        var effective = Merge(desired, _previous, ("old", 1));
        Assert.Equal([2, 3, 1], LastBytesOf(effective.Pools[0].Servers));
        Assert.Equal([2, 3], LastBytesOf(effective.Desired.Pools[0].Servers));
        var retained = Assert.Single(effective.RetainedServers);
        Assert.Same(desired.Pools[0], retained.Pool);
        Assert.Equal([1], LastBytesOf(retained.Servers));
        Assert.Empty(effective.RetainedServices);

        Assert.Same(effective, Merge(desired, effective, ("old", 1), ("old", 2)));
        Assert.Same(desired, Merge(desired, effective, ("old", 1), ("old", 2), ("old", 3)));
    }

    [Fact]
    public void Pool_whose_servers_are_verified_gives_up_its_removed_servers_before_the_other()
    {
        VirtualService[] services = [Service("s0", "old"), Service("s1", "other")];
        var previous = With("old", [Pool("old", 1), Pool("other", 2)], services);
        var desired = With("old", [Pool("old", 3), Pool("other", 4)], services);
        var effective = Merge(desired, previous, ("old", 1), ("other", 2));
        Assert.Equal(["old", "other"], effective.RetainedServers.Select(static r => r.Pool.Name));
        effective = Merge(desired, effective, ("old", 1), ("old", 3), ("other", 2));
        Assert.Equal(["other"], effective.RetainedServers.Select(static r => r.Pool.Name));
        Assert.Equal([3], LastBytesOf(effective.Pools[0].Servers));
    }

    [Fact]
    public void Removed_servers_that_are_unhealthy_are_not_retained()
    {
        var desired = With("old", Pool("old", 2, 3));
        Assert.Same(desired, Merge(desired, _previous, ("old", 4)));
    }

    [Fact]
    public void Removed_servers_of_an_unused_pool_are_not_retained()
    {
        var desired = With("other", Pool("old", 2, 3), Pool("other", 7));
        Assert.Same(desired, Merge(desired, _previous, ("old", 1), ("other", 7)));
    }

    [Fact]
    public void Services_that_moved_in_the_file_are_compared_by_name()
    {
        var (first, second) = (Service("s0", "old"), Service("s1", "other"));
        Pool[] pools = [Pool("old", 1), Pool("other", 2)];
        var previous = With("old", pools, first, second);
        var desired = With("old", pools, second, first);
        Assert.Same(desired, Merge(desired, previous));
        var moved = With("old", [.. pools, Pool("new", 3)], second with { Pool = "new" }, first);
        Assert.Equal(["s1"], Merge(moved, previous, ("old", 1), ("other", 2)).RetainedServices
            .Select(static r => r.Service.Name));
    }

    [Theory]
    [InlineData("a pool with one healthy server")]
    [InlineData("other ports")]
    [InlineData("another VIP")]
    [InlineData("another protocol")]
    [InlineData("another encapsulation")]
    [InlineData("a pool without monitors")]
    [InlineData("a pool without servers")]
    [InlineData("a pool whose servers are disabled")]
    [InlineData("a service that was disabled")]
    [InlineData("a service that is disabled")]
    [InlineData("another service")]
    [InlineData("a server less")]
    public void Nothing_else_is_retained(string what)
    {
        var (previous, next) = (_previous.Desired, With("new", Pool("new", 3, 4)).Desired);
        var service = next.VirtualServices[0];
        Configuration Service(VirtualService changed) => next with { VirtualServices = [changed] };
        var desired = new EffectiveConfiguration(what switch
        {
            "other ports" => Service(service with { Ports = [PortRange.One(54)] }),
            "another VIP" => Service(service with { Vips = [IPNetwork.Parse("192.0.2.2/32")] }),
            "another protocol" => Service(service with { Protocol = TransportProtocol.Tcp }),
            "another encapsulation" => Service(service with { NetworkProfile = null }),
            "another service" => Service(service with { Name = "other" }),
            "a service that is disabled" => Service(service with { Enabled = false }),
            "a pool without monitors" => next with { Pools = [next.Pools[0] with { Monitors = [] }] },
            "a pool without servers" => With("old", Pool("old")).Desired,
            "a pool whose servers are disabled" => With("old", Disabled(Pool("old", 1))).Desired,
            "a server less" => With("old", Pool("old", 1)).Desired,
            _ => next,
        });
        if (what == "a service that was disabled")
            previous = previous with { VirtualServices = [previous.VirtualServices[0] with { Enabled = false }] };
        (string, byte)[] healthy = what == "a pool with one healthy server"
            ? [("old", 1), ("old", 2), ("new", 3)] : [("old", 1), ("old", 2)];
        Assert.Same(desired, Merge(desired, new EffectiveConfiguration(previous), healthy));
        Assert.Null(_makeBeforeBreak.Wake);
    }

    [Fact]
    public void Pool_that_fails_later_retains_nothing()
    {
        var desired = With("new", Pool("new", 3));
        Assert.Same(desired, Merge(desired, _previous, ("old", 1), ("new", 3)));
        Assert.Same(desired, Merge(desired, _previous, ("old", 1)));
    }

    [Fact]
    public void Retained_pool_keeps_its_monitors_and_no_others()
    {
        var monitor = new HealthMonitor { Name = "look", Type = MonitorType.Tcp };
        var previous =
            new EffectiveConfiguration(With("old", Pool("old", 1) with { Monitors = ["look", "shared"] }).Desired with
            {
                HealthMonitors =
                    [monitor, monitor with { Name = "shared", Fall = 9 }, monitor with { Name = "unused" }],
            });
        var shared = monitor with { Name = "shared" };
        var desired =
            new EffectiveConfiguration(With("new", Pool("new", 3)).Desired with { HealthMonitors = [shared] });
        Assert.Equal([shared, monitor], Merge(desired, previous, ("old", 1)).HealthMonitors);
    }

    [Fact]
    public void Drained_server_is_not_awaited()
    {
        var desired = With("new", Pool("new", 3, 4))
            .WithDrains([new ServerDrain(RealServerKey.InDefault("server4"), DrainSource.Operator)]);
        var effective = Merge(desired, _previous, ("old", 1));
        Assert.Equal([ServerState.Enabled, ServerState.Draining], effective.Pools[0].Servers
            .Select(static s => s.State));
        Assert.Same(desired, Merge(desired, effective, ("old", 1), ("new", 3)));
    }

    private EffectiveConfiguration Merge(
        EffectiveConfiguration desired, EffectiveConfiguration? applied, params (string Pool, byte Server)[] healthy) =>
        _makeBeforeBreak
            .Merge(desired, applied, new ServerHealth(healthy.GroupBy(static h => h.Pool)
                .SelectMany(g => desired.Desired.VirtualServices.Select(s => KeyValuePair.Create(
                    new GroupKey(PoolKey.InDefault(g.Key), Encap.Layer2, s.Key),
                    new GroupHealth([.. g.Select(static h => VrfAddress.InDefault(Address(h.Server)))]))))
                .ToImmutableDictionary()));

    private static EffectiveConfiguration With(string pool, params Pool[] pools) =>
        With(pool, pools, Service("s0", pool));

    private static EffectiveConfiguration With(string pool, Pool[] pools, params VirtualService[] services) =>
        new(ControlLoopFixture.Configuration(pool) with { Pools = [.. pools], VirtualServices = [.. services] });

    private static VirtualService Service(string name, string pool) =>
        ControlLoopFixture.Configuration(name).VirtualServices[0] with { Pool = pool };

    private static Pool Pool(string name, params byte[] servers) => new()
    {
        Name = name,
        Slots = 1021,
        Servers = [.. servers.Select(static s => new RealServer { Name = $"server{s}", Address = Address(s) })],
    };

    private static Pool Disabled(Pool pool) => pool
        with
    { Servers = [.. pool.Servers.Select(static s => s with { State = ServerState.Disabled })] };

    private static IEnumerable<int> LastBytesOf(IEnumerable<RealServer> servers) => servers
        .Select(static s => (int)s.Address.GetAddressBytes()[3]);

    private static IPAddress Address(byte server) => new([10, 0, 0, server]);
}
