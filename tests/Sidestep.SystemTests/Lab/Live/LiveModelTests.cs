using Sidestep.Lab.Live;
using Sidestep.Lab.Scenarios;

namespace Sidestep.SystemTests.Lab.Live;

/// <summary>What the live view makes of counters and of `sidestep status`.</summary>
public sealed class LiveModelTests
{
    [Fact]
    public void A_rate_covers_the_last_seconds_only()
    {
        var rate = new RateWindow(TimeSpan.FromSeconds(3));

        Assert.Equal(new LiveFlow(0, 100), rate.Add(TimeSpan.FromSeconds(10), 100));
        Assert.Equal(new LiveFlow(50, 200), rate.Add(TimeSpan.FromSeconds(12), 200));
        // The first sample is 3 s old, and still counts: (400 - 100) / 3.
        Assert.Equal(new LiveFlow(100, 400), rate.Add(TimeSpan.FromSeconds(13), 400));
        // Now the second is the oldest: (800 - 200) / 3.
        Assert.Equal(new LiveFlow(200, 800), rate.Add(TimeSpan.FromSeconds(15), 800));
        // After a pause only the last two remain: nothing came.
        Assert.Equal(new LiveFlow(0, 800), rate.Add(TimeSpan.FromSeconds(60), 800));
    }

    [Fact]
    public void Requests_begin_only_when_every_service_has_a_server_and_the_daemon_runs()
    {
        var forwards = Status(17, ("web1", "serving", null));

        Assert.True(StatusChanges.Forwards(forwards));
        Assert.False(StatusChanges.Forwards(null));
        Assert.False(StatusChanges.Forwards(forwards with { DaemonProcessId = null }));
        Assert.False(StatusChanges.Forwards(forwards with { ServicesWithoutServer = ["www"] }));
        Assert.False(StatusChanges.Forwards(forwards with { Services = [] }));
    }

    [Fact]
    public void Every_change_of_a_state_is_an_event_and_nothing_else_is()
    {
        var before = Status(17, ("web1", "serving", null), ("web2", "serving", null), ("web3", "disabled", null));
        var after = Status(17, ("web1", "serving", "an old error"), ("web2", "failed", "tcp: refused"),
            ("web4", "draining", "x"));

        Assert.Equal(
            ["director: daemon running, process 17", "web1: healthy", "web2: healthy", "web3: disabled"],
            StatusChanges.Between(null, before));
        Assert.Equal(["web2: down: tcp: refused", "web4: draining", "web3: not in the configuration"],
            StatusChanges.Between(before, after));
        Assert.Equal(["director: daemon not running"],
            StatusChanges.Between(after, after with { DaemonProcessId = null }));
        Assert.Equal(["director: gone, nothing forwards"], StatusChanges.Between(after, null));
        Assert.Empty(StatusChanges.Between(after, after));
        Assert.Empty(StatusChanges.Between(null, null));
    }

    [Fact]
    public void The_status_is_read_from_the_json_that_the_command_line_prints()
    {
        var status = SidestepStatus.Parse("""
            {
              "engine": "xdp", "revision": 3,
              "daemon": { "running": true, "starting": false, "processId": 28528, "notes": [ "adopted" ] },
              "interfaces": [ { "name": "eth0", "driver": "native" }, { "name": "eth1", "driver": "generic" } ],
              "services": [
                { "name": "echo", "hasServers": false, "packets": 2 },
                { "name": "www", "hasServers": true, "packets": 40 }
              ],
              "pools": [
                { "name": "web",
                    "servers": [ { "name": "web1", "weight": 2, "slots": 5461, "flows": 3, "state": "serving" } ] },
                { "name": "web",
                    "servers": [ { "name": "web1", "weight": 2, "slots": 0, "flows": 4, "state": "failed" } ] }
              ],
              "health": { "servers": [ { "name": "web1", "error": null },
                  { "name": "web1", "error": "tcp: refused" } ] },
              "evicted": { "flows": 9 }
            }
            """);

        Assert.Equal(("xdp", "native", 3L, 42L), (status.Engine, status.Driver, status.Revision, status.Packets));
        Assert.Equal(["echo", "www"], status.Services);
        Assert.Equal(["echo"], status.ServicesWithoutServer);
        // The group with the fewest slots decides; flows add up.
        Assert.Equal(new ServerStatus(2, 0, "failed", 7, "tcp: refused"), status.Servers["web1"]);
        Assert.Equal((9L, 28528), (status.EvictedFlows, status.DaemonProcessId));
        Assert.Equal(["adopted"], status.Notes);
    }

    [Fact]
    public void A_status_that_is_not_as_expected_names_the_missing_field()
        => Assert.Contains("did not print what was expected",
            Assert.Throws<Sidestep.Lab.LabException>(() => SidestepStatus.Parse("{}")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Without_a_terminal_the_rates_are_one_line()
        => Assert.Equal(
            "00:01:23 The director forwards: engine xdp, driver native, revision 5. HTTP 19.9/s, 1402 answered, 20 "
                + "failed; "
            + "frames in 529.4/s, out 529.4/s, replies 974.3/s, at the director 0; 1293 flows tracked; "
            + "web1 healthy 13.3/s, web2 down 0.0/s, web3 draining 6.6/s",
            PlainReport.Rates(LiveModels.Example));

    [Fact]
    public void The_log_holds_the_last_hundred_events()
    {
        var printed = new List<LiveEvent>();
        var log = new EventLog(TimeProvider.System, printed.Add);
        for (var i = 1; i <= 101; i++)
            log.Add($"event {i}");

        Assert.Equal(100, log.Last.Count);
        Assert.Equal("event 2", log.Last[0].Text);
        Assert.Equal("event 101", log.Last[^1].Text);
        Assert.Equal(101, printed.Count);
    }

    private static SidestepStatus Status(int? daemon, params (string Name, string State, string? Error)[] servers)
        => new(1, "xdp", "native", 0, ["www"], [],
            servers.ToDictionary(s => s.Name, s => new ServerStatus(1, 1, s.State, 0, s.Error)), 0, daemon, []);
}
