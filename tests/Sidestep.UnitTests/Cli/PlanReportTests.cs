using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidestep.Api;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Cli;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.UnitTests.Cli;

/// <summary>The forms of a plan.</summary>
public sealed class PlanReportTests
{
    private static readonly Plan Change = new(
        [
            new ServicePlan("www", ChangeKind.Changed, "203.0.113.10 tcp 80 to web/l2",
                "203.0.113.10 tcp 81 to web/l2"),
            new ServicePlan("dns", ChangeKind.Added, null, "203.0.113.53 udp 53 to names/gue:6081"),
        ],
        [
            new GroupPlan(TestDirector.Web, ChangeKind.None, 16_381, 4095,
            [
                new ServerPlan("web1", IPAddress.Parse("10.0.0.11"), ChangeKind.None, "weight 1", "weight 1", 8191,
                    4096,
                    new FlowForecast(5, 0, 0)),
                new ServerPlan("web2", IPAddress.Parse("10.0.0.12"), ChangeKind.Removed, "weight 1", null, 8190, 0,
                    new FlowForecast(0, 2, 7)),
            ]),
            new GroupPlan(TestDirector.Names, ChangeKind.Added, 0, 0, []),
            new GroupPlan(new(PoolKey.InDefault("idle"), default), ChangeKind.None, 1021, 0, []),
        ],
        ["web2 [10.0.0.12] is deleted"]);

    [Fact]
    public void Empty_plan_is_one_line()
    {
        var unchanged = new Plan([], [new GroupPlan(TestDirector.Web, ChangeKind.None, 1021, 0, [])], []);
        Assert.Equal(["edge1: nothing changes"], Lines(unchanged));
        Assert.False((bool)Json(unchanged)["changes"]!);
    }

    [Fact]
    public void Text_begins_with_the_sums_and_the_warnings()
    {
        var lines = Lines(Change);
        // 4095 of 16,381 + 1,021 slots.
        Assert.Equal(
            "edge1: changed services: 2, changed servers: 1; moved slots: 23.53 %; tracked flows: 5 stay, 2 move, 7 "
            + "break",
            lines[0]);
        Assert.Equal("warning: web2 [10.0.0.12] is deleted.", lines[1]);
    }

    [Fact]
    public void Text_has_rows_of_what_changes_only()
    {
        var rows = Lines(Change).Select(static l => string.Join('|', CommandRun.Cells(l))).ToArray();
        Assert.Contains("dns|added|203.0.113.53 udp 53 to names/gue:6081", rows);
        Assert.Contains("web/l2|none|16381|4095|25 %", rows);
        Assert.Contains("names/gue:6081|added|0|0|0 %", rows);
        Assert.Contains("web1|web/l2|10.0.0.11|none|weight 1|weight 1|8191|4096|5|0|0", rows);
        Assert.Contains("web2|web/l2|10.0.0.12|removed|weight 1|8190|0|0|2|7", rows);
        Assert.DoesNotContain(rows, static r => r.StartsWith("idle", StringComparison.Ordinal));
    }

    [Fact]
    public void Json_has_exactly_the_documented_keys()
    {
        var json = Json(Change).AsObject();
        Assert.Equal(["director", "source", "changes", "slots", "movedSlots", "movedShare", "flows", "warnings",
            "services", "pools"],
            json.Select(static p => p.Key));
        Assert.Equal((true, 17_402, 4095, 0.2353),
            ((bool)json["changes"]!, (int)json["slots"]!, (int)json["movedSlots"]!,
            (double)json["movedShare"]!));
        Assert.Equal("""{"stay":5,"move":2,"break":7}""", json["flows"]!.ToJsonString());
        Assert.Equal(
            """{"name":"dns","change":"added","before":null,"after":"203.0.113.53 udp 53 to names/gue:6081"}""",
            json["services"]![1]!.ToJsonString());
        Assert.Equal(["name", "encap", "change", "slots", "movedSlots", "movedShare", "servers", "service"],
            json["pools"]![0]!.AsObject().Select(static p => p.Key));
        Assert.Equal(CommandRun.Compact("""
            {"name":"web2","address":"10.0.0.12","change":"removed","before":"weight 1","after":null,
            "slotsBefore":8190,"slotsAfter":0,"flows":{"stay":0,"move":2,"break":7}}
            """), json["pools"]![0]!["servers"]![1]!.ToJsonString());
    }

    [Fact]
    public void Share_of_no_slots_is_zero() => Assert.Equal(0, (double)Json(Change)["pools"]![1]!["movedShare"]!);

    private static JsonNode Json(Plan plan) =>
        JsonNode.Parse(JsonSerializer.Serialize(Record(plan), ApiJson.Indented.PlanReport))!;

    private static PlanReport Record(Plan plan) => PlanRecords.Of(plan, "edge1", StatusSource.Daemon);

    private static string[] Lines(Plan plan) =>
        CommandRun.TextOf(new PlanText(Record(plan)).Write)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
