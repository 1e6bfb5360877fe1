using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Output;

public sealed class ReportTests
{
    private readonly StringWriter _output = new() { NewLine = "\n" };

    [Fact]
    public void A_healthy_host_is_a_table_and_a_sentence()
    {
        var result = new Verification();
        result.Add(true, "vip", "203.0.113.10", "/32 on lo", "/32 on lo only", "dropped");
        result.Add(true, "persistence", "", "x", "y", "");
        TextReport.Write(result, _output);
        Assert.Equal("""
                condition           found      expected
            ok  vip (203.0.113.10)  /32 on lo  /32 on lo only
            ok  persistence         x          y
            This host is ready as a real server.

            """, $"{_output}");
    }

    [Fact]
    public void A_remedy_stands_below_its_condition()
    {
        var result = new Verification();
        result.Add(false, "device-up", "eth0", "down", "up", "Run: ip link set eth0 up");
        result.Note("default-route", "IPv4", "none", "a route", "Add one.");
        Assert.False(result.IsHealthy);
        TextReport.Write(result, _output);
        Assert.Equal("""
                   condition             found  expected
            WRONG  device-up (eth0)      down   up
                   -> Run: ip link set eth0 up
            note   default-route (IPv4)  none   a route
                   -> Add one.
            This host is NOT ready as a real server: 1 condition fails.

            """, $"{_output}");
    }

    [Fact]
    public void Verification_has_the_counters_of_its_part()
    {
        var counters = new Dictionary<PacketCounter, ulong> { [PacketCounter.Foreign] = 3 };
        var result = new Verification();
        result.Add(new Verification { Counters = counters });
        Assert.Same(counters, result.Counters);
        result.Add(new Verification());
        Assert.Same(counters, result.Counters);
    }

    [Fact]
    public void Counters_that_moved_are_described()
    {
        var result = new Verification
        {
            Counters = Enum.GetValues<PacketCounter>()
                .ToDictionary(static c => c, static c => c == PacketCounter.Foreign ? 0ul : (ulong)c),
            Traffic = [new VipTraffic(IPAddress.Parse("203.0.113.10"), 3, 2, 1)],
        };
        result.Add(false, "a", "", "", "", "");
        result.Add(false, "b", "", "", "", "");
        TextReport.Write(result, _output);
        var lines = $"{_output}".Split('\n')[^4..^1];
        Assert.Equal(
        [
            "packets decapsulated: 0; dropped, not from a director: 1; dropped, not for a VIP of this server: 2; "
                + "passed, outer destination not an address of this server: 3; dropped, malformed: 4; "
                + "dropped, CE mark on a packet without ECN: 5; passed, fragmented in transit: 6; "
                + "dropped, the kernel could not remove the outer header: 8; "
                + "passed, from a director in an encapsulation that is not configured: 9; "
                + "dropped, neighbour solicitation for a VIP: 10; dropped, neighbour advertisement for a VIP: 11; "
                + "SYN-ACKs with the MSS lowered: 12",
            "connections to 203.0.113.10: 3 SYN received, 2 SYN-ACK sent, 1 RST sent",
            "This host is NOT ready as a real server: 2 conditions fail.",
        ], lines);
    }

    [Fact]
    public void A_report_shows_drift_and_counters()
    {
        var noticed = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        TextReport.Write(new AgentReport
        {
            AgentVersion = "1",
            OperatingSystem = "linux",
            WallClock = noticed,
            SpecRevision = 7,
            AdminState = "draining",
            Drifts = [new Drift("vip", "203.0.113.10", "absent", noticed, noticed.AddMilliseconds(12)),
                new Drift("rp-filter", "eth0", "rp_filter 1", noticed, null, 3)],
            Counters = ImmutableDictionary<string, long>.Empty.Add("b", 2).Add("a", 1).Add("c", 0),
        }, _output);
        Assert.Equal("""
            spec revision 7; admin state draining; reported 2026-03-01 12:00:00Z
              condition  found  expected
            This host is ready as a real server.
            drift: vip 203.0.113.10 was absent at 2026-03-01 12:00:00Z; repaired after 12 ms
            drift: rp-filter eth0 was rp_filter 1 at 2026-03-01 12:00:00Z, 3 times so far; NOT repaired
            counters a 1, b 2

            """, $"{_output}");
    }

    [Fact]
    public void JSON_has_conditions_counters_and_traffic()
    {
        var result = new Verification
        {
            Counters = new Dictionary<PacketCounter, ulong> { [PacketCounter.RejectedSource] = 5 },
            Traffic = [new VipTraffic(IPAddress.Parse("203.0.113.10"), 12, 11, 1)],
        };
        result.Add(false, "vip", "203.0.113.10", "absent", "/32 on lo only", "Run it.");
        JsonReport.Write(result, _output);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""
            { "ok": false,
              "conditions": [ { "name": "vip", "subject": "203.0.113.10", "status": "wrong", "found": "absent",
                "expected": "/32 on lo only", "remedy": "Run it." } ],
              "counters": { "rejectedSource": 5 },
              "traffic": [ { "vip": "203.0.113.10", "synReceived": 12, "synAckSent": 11, "resetsSent": 1 } ],
              "errors": [] }
            """), JsonNode.Parse($"{_output}")), $"{_output}");
    }

    [Fact]
    public void JSON_without_programs_has_no_counters_and_no_traffic()
    {
        JsonReport.Write(new Verification(), _output);
        var json = JsonNode.Parse($"{_output}")!;
        Assert.True(json["ok"]!.GetValue<bool>());
        Assert.Equal((null, null), (json["counters"], json["traffic"]));
    }

    [Fact]
    public void JSON_of_problems_is_not_ok_and_lists_them()
    {
        JsonReport.Write([new Problem("--vip", "x", "is wrong", "Correct it.")], _output);
        var json = JsonNode.Parse($"{_output}")!;
        Assert.False(json["ok"]!.GetValue<bool>());
        Assert.Equal("""{"option":"--vip","value":"x","reason":"is wrong","remedy":"Correct it."}""",
            json["errors"]![0]!.ToJsonString());
    }
}
