using System.Collections.Immutable;
using System.Net;
using Sidestep.Control;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>What stays of a former configuration until its successors are proven.</summary>
public sealed class HeldBackTests
{
    private readonly ManualTime _time = new();
    private readonly HeldBack _held;
    private readonly Configuration _former = With("old", Pool("old", 1, 2));

    public HeldBackTests() => _held = new HeldBack(_time);

    [Fact]
    public void A_service_stays_with_its_pool_until_all_servers_of_the_new_one_are_proven()
    {
        var wanted = With("new", Pool("new", 3, 4));
        var held = In(wanted, _former, ("old", 1));
        Assert.Equal("old", held.VirtualServices[0].ServingPool);
        Assert.Equal(["old", "new"], held.Pools.Select(static p => p.Name).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(["s0 is still served by pool old: the servers of pool new have not proven themselves yet"], held.Held);

        Assert.Same(held, In(wanted, held, ("old", 1), ("new", 3)));
        Assert.Same(wanted, In(wanted, held, ("old", 1), ("new", 3), ("new", 4)));
        // It is over, whatever comes of the new ones.
        Assert.Same(wanted, In(wanted, wanted));
        Assert.Null(_held.Wake);
    }

    [Fact]
    public void After_a_while_one_proven_server_is_enough()
    {
        var wanted = With("new", Pool("new", 3, 4));
        var held = In(wanted, _former, ("old", 1));
        Assert.Same(held, In(wanted, held, ("old", 1), ("new", 3)));
        _time.Advance(_held.Wake!.Value - _time.GetUtcNow());
        Assert.Same(wanted, In(wanted, held, ("old", 1), ("new", 3)));
    }

    [Fact]
    public void With_nobody_proven_it_stays_for_as_long_as_the_former_can_serve()
    {
        var wanted = With("new", Pool("new", 3));
        var held = In(wanted, _former, ("old", 1), ("old", 2));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(_held.Wake);
        Assert.Same(held, In(wanted, held, ("old", 2)));
        Assert.Same(wanted, In(wanted, held));
    }

    [Fact]
    public void Servers_that_the_file_no_longer_has_stay_while_none_of_the_others_is_proven()
    {
        var wanted = With("old", Pool("old", 2, 3));
        var held = In(wanted, _former, ("old", 1));
        Assert.Equal([2, 3, 1], held.Pools[0].Servers.Select(static s => (int)s.Address.GetAddressBytes()[3]));
        Assert.Equal(["pool old still has server1 (10.0.0.1): its other servers have not proven themselves yet"], held.Held);
        Assert.Same(wanted, In(wanted, held, ("old", 1), ("old", 2), ("old", 3)));
    }

    [Theory]
    [InlineData("a pool with one who is fit")]
    [InlineData("other ports")]
    [InlineData("another VIP")]
    [InlineData("another way")]
    [InlineData("a pool that nobody watches")]
    [InlineData("a pool without servers")]
    [InlineData("a pool whose servers are switched off")]
    [InlineData("a service that was switched off")]
    [InlineData("another service")]
    [InlineData("a server less")]
    public void Nothing_else_is_held(string what)
    {
        var (former, next) = (_former, With("new", Pool("new", 3, 4)));
        var service = next.VirtualServices[0];
        Configuration Service(VirtualService changed) => next with { VirtualServices = [changed] };
        var wanted = what switch
        {
            "other ports" => Service(service with { Ports = [PortRange.One(54)] }),
            "another VIP" => Service(service with { Vips = [IPNetwork.Parse("192.0.2.2/32")] }),
            "another way" => Service(service with { NetworkProfile = null }),
            "another service" => Service(service with { Name = "other" }),
            "a pool that nobody watches" => next with { Pools = [next.Pools[0] with { Monitors = [] }] },
            "a pool without servers" => With("old", Pool("old")),
            "a pool whose servers are switched off" => With("old", Off(Pool("old", 1))),
            "a server less" => With("old", Pool("old", 1)),
            _ => next,
        };
        if (what == "a service that was switched off")
            former = former with { VirtualServices = [former.VirtualServices[0] with { Enabled = false }] };
        (string, byte)[] fit = what == "a pool with one who is fit" ? [("old", 1), ("old", 2), ("new", 3)] : [("old", 1), ("old", 2)];
        Assert.Same(wanted, In(wanted, former, fit));
        Assert.Null(_held.Wake);
    }

    [Fact]
    public void A_pool_that_fails_later_holds_nothing()
    {
        var wanted = With("new", Pool("new", 3));
        Assert.Same(wanted, In(wanted, _former, ("old", 1), ("new", 3)));
        Assert.Same(wanted, In(wanted, wanted, ("old", 1)));
    }

    [Fact]
    public void The_monitors_of_a_pool_that_stays_stay_with_it()
    {
        var monitor = new HealthMonitor { Name = "look", Type = MonitorType.Tcp };
        var former = With("old", Pool("old", 1) with { Monitors = ["look"] }) with { HealthMonitors = [monitor] };
        Assert.Equal([monitor], In(With("new", Pool("new", 3)), former, ("old", 1)).HealthMonitors);
    }

    private Configuration In(Configuration wanted, Configuration inForce, params (string Pool, byte Server)[] fit) => _held.In(wanted, inForce, new ServerHealth(
        fit.GroupBy(static f => f.Pool).ToImmutableDictionary(static g => new GroupKey(g.Key, Way.Layer2), static g => g.Select(static f => Address(f.Server)).ToImmutableHashSet())));

    private static Configuration With(string pool, params Pool[] pools)
    {
        var configuration = LoopFixture.Configuration("s0");
        return configuration with { Pools = [.. pools], VirtualServices = [configuration.VirtualServices[0] with { Pool = pool }] };
    }

    private static Pool Pool(string name, params byte[] servers) => new()
    {
        Name = name,
        Slots = 1021,
        Servers = [.. servers.Select(static s => new RealServer { Name = $"server{s}", Address = Address(s) })],
    };

    private static Pool Off(Pool pool) => pool with { Servers = [.. pool.Servers.Select(static s => s with { State = ServerState.Disabled })] };

    private static IPAddress Address(byte server) => new([10, 0, 0, server]);
}
