using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.UnitTests.Control.Health;

namespace Sidestep.UnitTests.Daemon;

/// <summary>Sentences about groups in panic mode.</summary>
public sealed class PanicTextTests
{
    [Theory]
    [InlineData(0, null)]
    [InlineData(2, "server1, server2 get")]
    [InlineData(7, "server1, server2, server3, server4, server5 and 2 more get")]
    public void Unhealthy_servers_with_a_weight_are_named(int failed, string? expected)
    {
        var configuration = TestChecks.Configuration(8);
        var group = new ServerGroup(TestChecks.Group,
        [
            .. configuration.Pools[0].Servers.Select((s, i) =>
                new ServerEntry(s.Name, s.Address, 1, null) { HasFailed = i < failed }),
        ], SlotTable.WithoutMembers(1021));
        var texts = PanicText.Of(configuration, Tables(configuration, group)).Values;
        if (expected is null)
            Assert.Empty(texts);
        else
            Assert.Equal("pool/l2 is in panic mode: fewer than 50 % of its servers (panicThreshold) are healthy, so "
                + $"{expected} new flows although their health checks fail: check what the monitors ask for",
                Assert.Single(texts));
    }

    private static ForwardingTables Tables(EffectiveConfiguration configuration, ServerGroup group) =>
        TableCompiler.Compile(configuration, new Sidestep.Forwarding.NextHops(
            [], new Dictionary<Sidestep.Model.VrfAddress, NextHop>(),
            new Dictionary<Sidestep.Model.VrfAddress, string>()), null, DateTimeOffset.UnixEpoch) with
        { Groups = [group] };
}
