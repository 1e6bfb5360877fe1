using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon;

public sealed class ApplyTextTests
{
    [Fact]
    public void Summary_counts_services_and_servers_that_accept_new_flows()
    {
        Assert.Equal("applied: 2 services, 3 servers take traffic", ApplyText.Summary(TestDirector.Tables));
        var drained = TableCompiler.Compile(TestDirector.With("name: web1,", "name: web1, state: draining,"),
            TestDirector.NextHops);
        Assert.Equal("applied: 2 services, 2 servers take traffic", ApplyText.Summary(drained));
    }

    [Fact]
    public void Missing_peers_are_sorted()
    {
        var nextHops = TestDirector.NextHops with
        {
            UnresolvedPeers = new Dictionary<VrfAddress,
                string>
            { [VrfAddress.Parse("10.0.0.4")] = "b", [VrfAddress.Parse("10.0.0.3")] = "a" },
        };
        Assert.Equal(["other director 10.0.0.3 is not found, its packets may be balanced again: a",
            "other director 10.0.0.4 is not found, its packets may be balanced again: b"],
            ApplyText.PeerProblems(nextHops));
        Assert.Empty(ApplyText.PeerProblems(TestDirector.NextHops));
    }

    [Theory]
    [InlineData(true, EngineKind.Xdp,
        "stopping before anything was applied: the state of the previous run is unchanged (onExit: keep)")]
    [InlineData(true, EngineKind.Managed,
        "stopping before anything was applied: the state of the previous run is unchanged (onExit: keep)")]
    [InlineData(false, EngineKind.Managed,
        "stopping: nothing is forwarded until the next start, which restores the flow table (onExit: keep)")]
    [InlineData(false, EngineKind.Xdp, "stopping: the XDP program keeps forwarding (onExit: keep)")]
    public void Line_at_the_end_says_what_keeps_forwarding(bool isStarting, EngineKind engine, string text) =>
        Assert.Equal(text, ApplyText.Stopping(isStarting, engine));
}
