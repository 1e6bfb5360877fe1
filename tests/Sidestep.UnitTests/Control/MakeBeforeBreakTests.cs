using System.Collections.Immutable;
using System.Net;
using Sidestep.Control;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>What stays of a former configuration until its successors are proven.</summary>
public sealed class MakeBeforeBreakTests
{
    private readonly ManualTime _time = new();
    private readonly MakeBeforeBreak _makeBeforeBreak;
    private readonly Configuration _previous = With("old", Pool("old", 1, 2));

    public MakeBeforeBreakTests() => _makeBeforeBreak = new MakeBeforeBreak(_time);

    [Fact]
    public void Service_keeps_its_old_pool_until_all_servers_of_the_new_one_are_verified()
    {
        var desired = With("new", Pool("new", 3, 4));
        var effective = Merge(desired, _previous, ("old", 1));
        Assert.Equal("old", effective.VirtualServices[0].ServingPool);
        Assert.Equal(["old", "new"], effective.Pools.Select(static p => p.Name).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(["s0 is still served by pool old: the servers of pool new are not verified yet"], effective.Retained);

        Assert.Same(effective, Merge(desired, effective, ("old", 1), ("new", 3)));
        Assert.Same(desired, Merge(desired, effective, ("old", 1), ("new", 3), ("new", 4)));
        // It is over, whatever comes of the new ones.
        Assert.Same(desired, Merge(desired, desired));
        Assert.Null(_makeBeforeBreak.Wake);
    }

    [Fact]
    public void One_verified_server_is_enough_after_the_grace_period()
    {
        var desired = With("new", Pool("new", 3, 4));
        var effective = Merge(desired, _previous, ("old", 1));
        Assert.Same(effective, Merge(desired, effective, ("old", 1), ("new", 3)));
        _time.Advance(_makeBeforeBreak.Wake!.Value - _time.GetUtcNow());
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
    public void Removed_servers_are_retained_while_no_other_server_is_verified()
    {
        var desired = With("old", Pool("old", 2, 3));
        var effective = Merge(desired, _previous, ("old", 1));
        Assert.Equal([2, 3, 1], effective.Pools[0].Servers.Select(static s => (int)s.Address.GetAddressBytes()[3]));
        Assert.Equal(["pool old still has server1 (10.0.0.1): its other servers are not verified yet"], effective.Retained);
        Assert.Same(desired, Merge(desired, effective, ("old", 1), ("old", 2), ("old", 3)));
    }

    [Theory]
    [InlineData("a pool with one healthy server")]
    [InlineData("other ports")]
    [InlineData("another VIP")]
    [InlineData("another way")]
    [InlineData("a pool without monitors")]
    [InlineData("a pool without servers")]
    [InlineData("a pool whose servers are switched off")]
    [InlineData("a service that was switched off")]
    [InlineData("another service")]
    [InlineData("a server less")]
    public void Nothing_else_is_retained(string what)
    {
        var (previous, next) = (_previous, With("new", Pool("new", 3, 4)));
        var service = next.VirtualServices[0];
        Configuration Service(VirtualService changed) => next with { VirtualServices = [changed] };
        var desired = what switch
        {
            "other ports" => Service(service with { Ports = [PortRange.One(54)] }),
            "another VIP" => Service(service with { Vips = [IPNetwork.Parse("192.0.2.2/32")] }),
            "another way" => Service(service with { NetworkProfile = null }),
            "another service" => Service(service with { Name = "other" }),
            "a pool without monitors" => next with { Pools = [next.Pools[0] with { Monitors = [] }] },
            "a pool without servers" => With("old", Pool("old")),
            "a pool whose servers are switched off" => With("old", Disabled(Pool("old", 1))),
            "a server less" => With("old", Pool("old", 1)),
            _ => next,
        };
        if (what == "a service that was switched off")
            previous = previous with { VirtualServices = [previous.VirtualServices[0] with { Enabled = false }] };
        (string, byte)[] healthy = what == "a pool with one healthy server" ? [("old", 1), ("old", 2), ("new", 3)] : [("old", 1), ("old", 2)];
        Assert.Same(desired, Merge(desired, previous, healthy));
        Assert.Null(_makeBeforeBreak.Wake);
    }

    [Fact]
    public void Pool_that_fails_later_retains_nothing()
    {
        var desired = With("new", Pool("new", 3));
        Assert.Same(desired, Merge(desired, _previous, ("old", 1), ("new", 3)));
        Assert.Same(desired, Merge(desired, desired, ("old", 1)));
    }

    [Fact]
    public void Retained_pool_keeps_its_monitors()
    {
        var monitor = new HealthMonitor { Name = "look", Type = MonitorType.Tcp };
        var previous = With("old", Pool("old", 1) with { Monitors = ["look"] }) with { HealthMonitors = [monitor] };
        Assert.Equal([monitor], Merge(With("new", Pool("new", 3)), previous, ("old", 1)).HealthMonitors);
    }

    private Configuration Merge(Configuration desired, Configuration inForce, params (string Pool, byte Server)[] healthy) => _makeBeforeBreak.Merge(desired, inForce, new ServerHealth(
        healthy.GroupBy(static f => f.Pool).ToImmutableDictionary(static g => new GroupKey(g.Key, Encap.Layer2), static g => g.Select(static f => Address(f.Server)).ToImmutableHashSet())));

    private static Configuration With(string pool, params Pool[] pools)
    {
        var configuration = ControlLoopFixture.Configuration("s0");
        return configuration with { Pools = [.. pools], VirtualServices = [configuration.VirtualServices[0] with { Pool = pool }] };
    }

    private static Pool Pool(string name, params byte[] servers) => new()
    {
        Name = name,
        Slots = 1021,
        Servers = [.. servers.Select(static s => new RealServer { Name = $"server{s}", Address = Address(s) })],
    };

    private static Pool Disabled(Pool pool) => pool with { Servers = [.. pool.Servers.Select(static s => s with { State = ServerState.Disabled })] };

    private static IPAddress Address(byte server) => new([10, 0, 0, server]);
}
