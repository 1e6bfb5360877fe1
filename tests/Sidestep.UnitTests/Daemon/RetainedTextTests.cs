using System.Net;
using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class RetainedTextTests
{
    private static readonly EffectiveConfiguration Written = new(ControlLoopFixture.Configuration("www"));

    [Fact]
    public void Configuration_as_written_has_nothing_to_say() => Assert.Empty(RetainedText.Of(Written));

    [Fact]
    public void Each_retained_service_and_each_pool_with_retained_servers_has_a_sentence()
    {
        var old = Written.Pools[0] with { Name = "old" };
        RealServer Server(int number) => new() { Name = $"web{number}", Address = IPAddress.Parse($"10.0.0.{number}") };
        var retained = Written.WithRetained(
            [new RetainedService(Written.Desired.VirtualServices[0], old)],
                [new RetainedServers(Written.Pools[0], [Server(1), Server(2)])], []);
        Assert.Equal(
            [
                "www is still served by pool old: the servers of pool pool are not verified yet",
                "pool pool still has web1 (10.0.0.1), web2 (10.0.0.2): its other servers are not verified yet",
            ], RetainedText.Of(retained));
    }
}
