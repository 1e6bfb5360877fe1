using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

public sealed class CheckStateTests
{
    [Theory]
    [InlineData("gg", "unknown up")]
    [InlineData("gbgg", "unknown unknown unknown up")]
    [InlineData("bb", "unknown down")]
    [InlineData("ggbgbb", "unknown up up up up down")]
    [InlineData("ggbbgbgg", "unknown up up down down down down up")]
    [InlineData("ggbnb", "unknown up up up down")] // what could not be asked says nothing
    [InlineData("x", "up")]
    public void Check_changes_state_after_rise_or_fall_consecutive_results(string results, string verdicts)
    {
        var check =
            new Check(
                new CheckKey(new GroupKey(PoolKey.InDefault("p"), Encap.Layer2),
                    VrfAddress.InDefault(IPAddress.Loopback), "m", IPAddress.Loopback, 1, true),
                    "s",
            HealthMonitor.DefaultTcp with { Rise = 2, Fall = 2 });
        var state = new CheckState(check);
        var seen = results.Select(o =>
        {
            var before = (state.Status, state.Responds);
            var changed = state.Record(o switch
            {
                'g' => ProbeResult.Success,
                'b' => ProbeResult.Failure("bad"),
                'n' => ProbeResult.NotSent("not asked"),
                _ => ProbeResult.Exempt("local"),
            }, DateTimeOffset.UnixEpoch);
            Assert.Equal(before != (state.Status, state.Responds), changed);
            return state.Status.ToString().ToLowerInvariant();
        });
        Assert.Equal(verdicts, string.Join(' ', seen));
    }
}
