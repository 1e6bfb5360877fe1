using System.Text.Json.Nodes;
using Sidestep.Cli;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.UnitTests.Cli;

/// <summary>The forms of the status, for programs and for people.</summary>
public sealed class StatusReportTests
{
    [Fact]
    public void Json_has_exactly_the_documented_keys()
    {
        var json = Json(TestDirector.Running).AsObject();
        Assert.Equal(
            ["director", "engine", "revision", "appliedAt", "daemon", "interfaces", "workers", "services", "pools",
                "health", "responses", "evicted", "drops"],
            json.Select(static p => p.Key));
        Assert.Equal(
            ["running", "starting", "processId", "configurationFile", "errors", "unresolved", "degraded", "alarms",
                "multicastMacs", "notes"],
            json["daemon"]!.AsObject().Select(static p => p.Key));
        Assert.Equal(("edge1", "xdp", 42, TestDirector.AppliedAt), ((string)json["director"]!, (string)json["engine"]!,
            (int)json["revision"]!, (DateTimeOffset)json["appliedAt"]!));
    }

    [Fact]
    public void Json_names_decisions_and_drop_reasons_as_captures_do()
    {
        var json = Json(TestDirector.Running);
        Assert.Equal(CommandRun.Compact("""
            {"arp-reply":{"packets":3,"bytes":180},"echo-reply":{"packets":0,"bytes":0},
            "neighbour-advertisement":{"packets":0,"bytes":0},"icmp-too-big":{"packets":2,"bytes":3000}}
            """), json["responses"]!.ToJsonString());
        Assert.Equal(CommandRun.Compact("""
            {"no-service":{"packets":17,"bytes":1020},"too-big-rate-limited":{"packets":0,"bytes":0},
            "access-denied":{"packets":1,"bytes":60}}
            """), json["drops"]!.ToJsonString());
    }

    [Fact]
    public void Json_has_services_and_pools_with_their_encapsulation()
    {
        var json = Json(TestDirector.Running);
        Assert.Equal(CommandRun.Compact("""
            {"name":"dns","matches":["203.0.113.53 udp 53"],"pool":"names","encap":"gue:6081","hasServers":false,
            "packets":0,"bytes":0}
            """), json["services"]![1]!.ToJsonString());
        Assert.Equal(("web", "l2"), ((string)json["pools"]![0]!["name"]!, (string)json["pools"]![0]!["encap"]!));
        Assert.Equal(CommandRun.Compact("""
            {"name":"web2","address":"10.0.0.12","weight":2,"state":"draining","slots":8190,"flows":9,"packets":400,
            "bytes":24000}
            """), json["pools"]![0]!["servers"]![1]!.ToJsonString());
    }

    [Fact]
    public void Json_of_a_managed_director_has_workers_and_zero_copy()
    {
        var status = TestDirector.Status with
        {
            Interfaces = [new AttachedInterface("eth0", Driver.AfXdp, null) { IsZeroCopy = true }],
            Workers = [new WorkerStatus("sidestep-rx0", new WorkerCounters(10, 9, 8, 7, 6))],
        };
        var json = Json(TestDirector.Running with { Status = status, Engine = EngineKind.Managed });
        Assert.Equal("managed", (string)json["engine"]!);
        Assert.Equal("""{"name":"eth0","driver":"af-xdp","zeroCopy":true}""", json["interfaces"]![0]!.ToJsonString());
        Assert.Equal("""{"name":"sidestep-rx0","frames":10,"sent":9,"rxDropped":8,"txDropped":7}""",
            json["workers"]![0]!.ToJsonString());
    }

    [Fact]
    public void Json_of_a_director_without_a_daemon_has_no_process_id()
    {
        var stopped = Json(TestDirector.Running with { IsRunning = false })["daemon"]!;
        Assert.Equal((false, false, null),
            ((bool)stopped["running"]!, (bool)stopped["starting"]!, stopped["processId"]));
        Assert.Equal("/etc/sidestep/edge1.yaml", (string)stopped["configurationFile"]!);
        var never = Json(TestDirector.Running with { IsRunning = false, Daemon = null })["daemon"]!;
        Assert.Null(never["configurationFile"]);
        Assert.Empty(never["errors"]!.AsArray());
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    public void Json_daemon_is_starting_only_while_it_runs(bool runs, bool starting, bool expected)
    {
        var json = Json(TestDirector.Running with
        {
            IsRunning = runs,
            Daemon = TestDirector.Daemon with { IsStarting = starting },
        });
        Assert.Equal(expected, (bool)json["daemon"]!["starting"]!);
    }

    [Fact]
    public void Json_has_the_health_report_as_the_daemon_wrote_it()
    {
        var server = TestDirector.HealthyServer with { PathMtu = 1500, MeasuredPathMtu = 1480, PassiveSignals = ["a"] };
        var health = Json(TestDirector.Running with { Health = TestDirector.Health(server) })["health"]!;
        Assert.Equal(["checks", "started", "inFlight", "skipped", "late", "removal", "admission"],
            health["probes"]!.AsObject().Select(static p => p.Key));
        var first = health["servers"]![0]!;
        Assert.Equal((true, "up", "up", 1500, 1480, "a"), ((bool)first["healthy"]!, (string)first["dsrPath"]!,
            (string)first["service"]!, (int)first["pathMtu"]!, (int)first["measuredPathMtu"]!,
            (string)first["passiveSignals"]![0]!));
        Assert.Null(Json(TestDirector.Running)["health"]);
    }

    [Theory]
    [InlineData(true, false, "edge1: on eth0 (native); revision 42 of 2026-03-01", "; daemon running (pid 4711)")]
    [InlineData(true, true, "edge1: on eth0 (native); revision 42 of", "; daemon starting (pid 4711)")]
    [InlineData(false, false, "edge1: on eth0 (native)", "; daemon not running, the kernel still forwards")]
    public void Text_begins_with_a_sentence_about_the_director(bool runs, bool starting, string start, string end)
    {
        var line = Text(TestDirector.Running with
        {
            IsRunning = runs,
            Daemon = TestDirector.Daemon with { IsStarting = starting },
        })[0];
        Assert.StartsWith(start, line, StringComparison.Ordinal);
        Assert.EndsWith(end, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_says_when_nothing_is_forwarded()
    {
        var gone = TestDirector.Running with
        {
            IsRunning = false,
            Status = TestDirector.Status with { Interfaces = [new AttachedInterface("eth0", null, null)] },
        };
        Assert.StartsWith("edge1: on eth0 (gone); ", Text(gone)[0], StringComparison.Ordinal);
        Assert.EndsWith("; daemon not running, nothing is forwarded", Text(gone)[0], StringComparison.Ordinal);
        var none = gone with { Status = TestDirector.Status with { Interfaces = [] } };
        Assert.StartsWith("edge1: attached to no interface; ", Text(none)[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "af-xdp, zero copy")]
    [InlineData(false, "af-xdp, copies")]
    [InlineData(null, "af-xdp")]
    public void Text_says_whether_the_device_copies_frames(bool? zeroCopy, string expected)
    {
        var attached = new AttachedInterface("eth0", Driver.AfXdp, null) { IsZeroCopy = zeroCopy };
        var running = TestDirector.Running with { Status = TestDirector.Status with { Interfaces = [attached] } };
        Assert.Contains($" eth0 ({expected});", Text(running)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Text_lists_what_the_daemon_reported_the_gravest_first()
    {
        var daemon = TestDirector.Daemon with
        {
            Errors = ["an error"],
            Alarms = ["an alarm"],
            Unresolved = ["unresolved"],
            Degraded = ["degraded"],
            Notes = ["a note [not markup]"],
        };
        Assert.Equal(["an error", "an alarm", "unresolved", "degraded", "a note [not markup]"],
            Text(TestDirector.Running with { Daemon = daemon })[1..6]);
    }

    [Fact]
    public void Text_has_a_row_for_each_service_and_server()
    {
        var rows = Rows(Text(TestDirector.Running));
        Assert.Contains("www|203.0.113.10 tcp 80, and 2 more|web|l2|1000|64000", rows);
        Assert.Contains("dns (no server)|203.0.113.53 udp 53|names|gue:6081|0|0", rows);
        Assert.Contains("web1|web/l2|10.0.0.11|serving|unknown|unknown|1|8191|5|600|40000", rows);
        Assert.Contains("ns1|names/gue:6081|2001:db8:2::22|unresolved|unknown|unknown|1|0|0|0|0", rows);
    }

    [Fact]
    public void Text_has_the_health_of_each_server_of_its_group_only()
    {
        var other = TestDirector.HealthyServer with { Encap = "ipip", DsrPath = "down", Service = "unknown" };
        var rows = Rows(Text(TestDirector.Running with
        {
            Health = TestDirector.Health(TestDirector.HealthyServer,
            other)
        }));
        Assert.Contains("web1|web/l2|10.0.0.11|serving|up|up|1|8191|5|600|40000", rows);
        Assert.Contains("web2|web/l2|10.0.0.12|draining|unknown|unknown|2|8190|9|400|24000", rows);
    }

    [Fact]
    public void Text_omits_drops_that_never_occurred_but_not_ARP_and_echo()
    {
        var rows = Rows(Text(TestDirector.Running));
        var start = Array.FindIndex(rows, static r => r.StartsWith("decision|", StringComparison.Ordinal));
        Assert.Equal(
            ["arp-reply|3|180", "echo-reply|0|0", "icmp-too-big|2|3000", "drop no-service|17|1020",
                "drop access-denied|1|60"],
            rows[(start + 2)..]);
    }

    [Fact]
    public void Text_warns_about_evictions_and_dropped_frames()
    {
        Assert.DoesNotContain(Text(TestDirector.Running), static l => l.Contains("evicted", StringComparison.Ordinal));
        var lines = Text(TestDirector.Running with
        {
            Status = TestDirector.Status with
            {
                FlowsEvicted = 5,
                FragmentsEvicted = 6,
                Workers =
                [
                    new WorkerStatus("w0", new WorkerCounters(9, 9, 0, 0, 0)),
                    new WorkerStatus("w1", new WorkerCounters(9, 9, 1, 0, 0)),
                    new WorkerStatus("w2", new WorkerCounters(9, 9, 0, 2, 0)),
                ],
            },
        });
        Assert.Equal(
            [
                "5 tracked flows were evicted: raise director.flowTableSize",
                "6 tracked fragmented datagrams were evicted",
                "w1: 1 received frames were dropped, and 0 frames could not be sent",
                "w2: 0 received frames were dropped, and 2 frames could not be sent",
            ],
            lines[^4..]);
    }

    private static JsonNode Json(RunningStatus running) => JsonNode.Parse(
        CommandRun.TextOf(new StatusReport(TestDirector.Settings, running).WriteJson))!;

    private static string[] Text(RunningStatus running) =>
        [.. CommandRun.TextOf(new StatusReport(TestDirector.Settings, running).WriteText)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <summary>The rows of all tables, their cells joined by bars.</summary>
    private static string[] Rows(string[] lines) =>
        [.. lines.Select(static l => string.Join('|', CommandRun.Cells(l)))];
}
