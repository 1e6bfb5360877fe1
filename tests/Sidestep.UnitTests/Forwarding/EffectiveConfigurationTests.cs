using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>What the daemon makes of a configuration never changes the configuration.</summary>
public sealed class EffectiveConfigurationTests
{
    private static readonly EffectiveConfiguration Written =
        new(ControlLoopFixture.WithServers(Server(1), Server(2), Server(3) with { State = ServerState.Disabled }));

    [Fact]
    public void Configuration_as_written_retains_and_drains_nothing()
    {
        var service = Written.Desired.VirtualServices[0];
        Assert.Equal(Written.Desired.Pools, Written.Pools);
        Assert.Equal(Written.Desired.HealthMonitors, Written.HealthMonitors);
        Assert.Equal((PoolKey.InDefault("pool"), false), (Written.ServingPoolOf(service), Written.RetainsAny));
        Assert.Equal([PoolKey.InDefault("pool")], Written.PoolsOf(service));
        Assert.Empty(Written.Drains);
        Assert.Same(Written, Written.WithDrains([]));
    }

    [Theory]
    [InlineData("server2")]
    [InlineData("10.0.0.2")]
    public void Drain_names_a_server_by_its_name_or_address(string server)
    {
        ServerDrain[] drains = [new(RealServerKey.InDefault(server), DrainSource.VipConflict)];
        var drained = Written.WithDrains(drains);
        Assert.Equal([ServerState.Enabled, ServerState.Draining, ServerState.Disabled], States(drained.Pools[0]));
        Assert.Equal(drains, drained.Drains);
        Assert.Equal([ServerState.Enabled, ServerState.Enabled, ServerState.Disabled],
            States(drained.Desired.Pools[0]));
    }

    [Theory]
    [InlineData("server3")]
    [InlineData("server9")]
    [InlineData("SERVER1")]
    public void Drain_of_a_disabled_or_unknown_server_leaves_the_pool_instance_as_it_is(string server) =>
        Assert.Same(Written.Pools[0],
            Written.WithDrains([new ServerDrain(RealServerKey.InDefault(server), DrainSource.Operator)]).Pools[0]);

    [Fact]
    public void Drains_survive_what_is_retained()
    {
        var drained = Written.WithDrains([new ServerDrain(RealServerKey.InDefault("server1"), DrainSource.Operator)]);
        var both = drained.WithRetained([], [new RetainedServers(drained.Pools[0], [Server(4)])], []);
        Assert.Equal([ServerState.Draining, ServerState.Enabled, ServerState.Disabled, ServerState.Enabled],
            States(both.Pools[0]));
        Assert.Equal(drained.Drains, both.Drains);
        Assert.True(both.RetainsAny);
    }

    [Fact]
    public void Pool_that_serves_two_retained_services_is_added_once()
    {
        var (old, service) = (Written.Pools[0] with { Name = "old" }, Written.Desired.VirtualServices[0]);
        var retained = Written.WithRetained([new(service, old), new(service with { Name = "s1" }, old)], [], []);
        Assert.Equal(["pool", "old"], retained.Pools.Select(static p => p.Name));
        Assert.Equal(["pool", "old"], retained.PoolsOf(service).Select(static p => p.ToString()));
        Assert.Equal(PoolKey.InDefault("pool"), retained.ServingPoolOf(service with { Name = "s2" }));
    }

    [Fact]
    public void Retaining_twice_is_a_mistake_of_the_caller()
    {
        var retained = Written.WithRetained([], [new RetainedServers(Written.Pools[0], [Server(4)])], []);
        Assert.Throws<InvalidOperationException>(() => retained.WithRetained([], [], []));
    }

    private static RealServer Server(int number) =>
        new() { Name = $"server{number}", Address = new IPAddress([10, 0, 0, (byte)number]) };

    private static ServerState[] States(Pool pool) => [.. pool.Servers.Select(static s => s.State)];
}
