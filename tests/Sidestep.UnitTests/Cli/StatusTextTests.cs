using Sidestep.Api.Status;
using Sidestep.Cli;

namespace Sidestep.UnitTests.Cli;

/// <summary>The text of the status.</summary>
public sealed class StatusTextTests
{
    [Theory]
    [InlineData(true, false, "edge1: on eth0 (native); tables 42 of 2026-03-01", "; daemon running (pid 4711)")]
    [InlineData(true, true, "edge1: on eth0 (native); tables 42 of", "; daemon starting (pid 4711)")]
    [InlineData(false, false, "edge1: on eth0 (native)", "; daemon not running, the kernel still forwards")]
    public void Text_begins_with_a_sentence_about_the_director(bool runs, bool starting, string start, string end)
    {
        var line = Text(TestDirector.Status with
        {
            Daemon = TestDirector.Status.Daemon with { Running = runs, Starting = starting },
        })[0];
        Assert.StartsWith(start, line, StringComparison.Ordinal);
        Assert.EndsWith(end, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_the_pinned_tables_says_what_it_does_not_know()
    {
        const string Source = "read from the pinned tables: health, agents and address conflicts are unknown";
        Assert.Equal(Source, Text(TestDirector.Pinned)[1]);
        Assert.DoesNotContain(Source, Text(TestDirector.Status));
    }

    [Fact]
    public void Text_of_a_daemon_that_does_not_answer_yet_has_no_process_id() =>
        Assert.EndsWith("; daemon starting", Text(TestDirector.Pinned with
        {
            Daemon = new DaemonStatus { Running = true, Starting = true },
        })[0], StringComparison.Ordinal);

    [Fact]
    public void Text_says_when_there_are_no_tables() =>
        Assert.Contains("; no tables; ", Text(TestDirector.Status with { Revision = 0, AppliedAt = null })[0],
            StringComparison.Ordinal);

    [Fact]
    public void Text_says_when_nothing_is_forwarded()
    {
        var gone = TestDirector.Pinned with
        {
            Interfaces = [new InterfaceStatus("eth0", InterfaceDriver.Gone, null)],
        };
        Assert.StartsWith("edge1: on eth0 (gone); ", Text(gone)[0], StringComparison.Ordinal);
        Assert.EndsWith("; daemon not running, nothing is forwarded", Text(gone)[0], StringComparison.Ordinal);
        var none = gone with { Interfaces = [] };
        Assert.StartsWith("edge1: attached to no interface; ", Text(none)[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "af-xdp, zero copy")]
    [InlineData(false, "af-xdp, copies")]
    [InlineData(null, "af-xdp")]
    public void Text_says_whether_the_device_copies_frames(bool? zeroCopy, string expected)
    {
        var attached = new InterfaceStatus("eth0", InterfaceDriver.AfXdp, zeroCopy);
        Assert.Contains($" eth0 ({expected});", Text(TestDirector.Status with { Interfaces = [attached] })[0],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Text_lists_what_the_daemon_reported_the_gravest_first()
    {
        var daemon = TestDirector.Status.Daemon with
        {
            Errors = ["an error"],
            Alarms = ["an alarm"],
            Unresolved = ["unresolved"],
            Degraded = ["degraded"],
            Notes = ["a note [not markup]"],
        };
        Assert.Equal(["an error", "an alarm", "unresolved", "degraded", "a note [not markup]"],
            Text(TestDirector.Status with { Daemon = daemon })[1..6]);
    }

    [Fact]
    public void Text_has_a_row_for_each_service_and_server()
    {
        var rows = Rows(Text(TestDirector.Status));
        Assert.Contains("www|203.0.113.10 tcp 80, and 2 more|web|l2|1000|64000", rows);
        Assert.Contains("dns (no server)|203.0.113.53 udp 53|names|gue:6081|0|0", rows);
        Assert.Contains("web1|web/l2|10.0.0.11|serving|unknown|unknown|1|8191|5|600|40000", rows);
        Assert.Contains("ns1|names/gue:6081|2001:db8:2::22|unresolved|unknown|unknown|1|0|0|0|0", rows);
    }

    [Fact]
    public void Text_has_the_health_of_each_server_of_its_group_only()
    {
        var other = TestDirector.HealthyServer with
        {
            Encap = "ipip",
            DsrPath = HealthStatus.Down,
            Service = HealthStatus.Unknown,
        };
        var rows = Rows(Text(TestDirector.Status with
        {
            Health = TestDirector.Health(TestDirector.HealthyServer, other),
        }));
        Assert.Contains("web1|web/l2|10.0.0.11|serving|up|up|1|8191|5|600|40000", rows);
        Assert.Contains("web2|web/l2|10.0.0.12|draining, fallback|unknown|unknown|2|8190|9|400|24000", rows);
    }

    [Fact]
    public void Text_omits_drops_that_never_occurred_but_not_ARP_and_echo()
    {
        var rows = Rows(Text(TestDirector.Status));
        var start = Array.FindIndex(rows, static r => r.StartsWith("decision|", StringComparison.Ordinal));
        Assert.Equal(
            ["arp-reply|3|180", "echo-reply|0|0", "icmp-too-big|2|3000", "drop no-service|17|1020",
                "drop access-denied|1|60"],
            rows[(start + 2)..]);
    }

    [Fact]
    public void Text_warns_about_evictions_and_dropped_frames()
    {
        Assert.DoesNotContain(Text(TestDirector.Status), static l => l.Contains("evicted", StringComparison.Ordinal));
        var lines = Text(TestDirector.Status with
        {
            Evicted = new EvictionCounters(5, 6),
            Workers =
            [
                new WorkerStatus("w0", 9, 9, 0, 0),
                new WorkerStatus("w1", 9, 9, 1, 0),
                new WorkerStatus("w2", 9, 9, 0, 2),
            ],
        });
        Assert.Equal(
            [
                "5 tracked flows were evicted: raise group.flowTableSize",
                "6 tracked fragmented datagrams were evicted",
                "w1: 1 received frames were dropped, and 0 frames could not be sent",
                "w2: 0 received frames were dropped, and 2 frames could not be sent",
            ],
            lines[^4..]);
    }

    [Fact]
    public void Agents_have_a_row_each_and_a_line_for_each_condition()
    {
        var lines = Text(TestDirector.Full);
        var time = $"{TestDirector.AppliedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}";
        Assert.Contains($"web1|connected|unhealthy|draining|{time}|0.1.0", Rows(lines));
        Assert.Contains("web2|none|unknown|enabled|never", Rows(lines));
        Assert.Contains("agent of web1: vip 203.0.113.10: absent, expected on lo. add it", lines);
        Assert.Contains("agent of web1: note: arp-ignore: 1, expected 2", lines);
    }

    [Fact]
    public void Agent_that_stopped_reporting_is_silent() =>
        Assert.StartsWith("web1|silent|", Rows(Text(TestDirector.Status with
        {
            Agents = [TestDirector.Agent with { Connected = false }],
        })).Single(static r => r.EndsWith("|0.1.0", StringComparison.Ordinal)), StringComparison.Ordinal);

    [Fact]
    public void Agents_that_never_reported_take_no_space() =>
        Assert.Equal(Text(TestDirector.Status),
            Text(TestDirector.Status with { Agents = [new AgentStatus { Server = "web1" }] }));

    [Fact]
    public void More_than_50_conditions_are_cut_short()
    {
        var agent = TestDirector.Agent with
        {
            Conditions = [.. Enumerable.Repeat(TestDirector.Agent.Conditions[0], 52)],
        };
        var lines = Text(TestDirector.Status with { Agents = [agent] });
        Assert.Equal(50, lines.Count(static l => l.StartsWith("agent of web1", StringComparison.Ordinal)));
        Assert.Contains("and 2 more conditions; --json shows all", lines);
    }

    [Fact]
    public void Address_conflicts_have_a_row_each()
    {
        var time = $"{TestDirector.AppliedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}";
        var rows = Rows(Text(TestDirector.Full));
        Assert.Contains($"203.0.113.10|02:00:00:00:00:99|eth0|server web2|{time}|{time}|3", rows);
        Assert.Contains($"203.0.113.10|02:00:00:00:00:99|eth0|unknown-host|{time}|{time}|3", rows);
    }

    private static string[] Text(DirectorStatus status) =>
        [.. CommandRun.TextOf(o => StatusText.Write(status, o))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <summary>The rows of all tables, their cells joined by bars.</summary>
    private static string[] Rows(string[] lines) =>
        [.. lines.Select(static l => string.Join('|', CommandRun.Cells(l)))];
}
