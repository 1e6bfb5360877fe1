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
    public void A_verdict_takes_as_many_in_a_row_as_rise_and_fall_say(string outcomes, string verdicts)
    {
        var check = new Check(new CheckKey(new GroupKey("p", Way.Layer2), IPAddress.Loopback, "m", IPAddress.Loopback, 1, true), "s",
            HealthMonitor.DefaultTcp with { Fall = 2 });
        var state = new CheckState(check);
        var seen = outcomes.Select(o =>
        {
            var before = state.Verdict;
            var changed = state.Take(o switch
            {
                'g' => ProbeOutcome.Good,
                'b' => ProbeOutcome.Bad("bad"),
                'n' => ProbeOutcome.NotAsked("not asked"),
                _ => ProbeOutcome.Exempt("local"),
            }, rise: 2, DateTimeOffset.UnixEpoch);
            Assert.Equal(before != state.Verdict, changed);
            return state.Verdict.ToString().ToLowerInvariant();
        });
        Assert.Equal(verdicts, string.Join(' ', seen));
    }
}
