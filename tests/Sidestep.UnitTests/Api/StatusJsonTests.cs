using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Cli.Commands;
using Sidestep.Testing;
using Sidestep.UnitTests.Cli;

namespace Sidestep.UnitTests.Api;

/// <summary>The JSON of the status, and its schema.</summary>
public sealed class StatusJsonTests
{
    private static readonly JsonSchema Schema =
        JsonSchema.FromText(File.ReadAllText(Repository.File("docs/status.schema.json")));

    [Fact]
    public void Status_with_and_without_a_daemon_is_valid()
    {
        foreach (var status in new[] { TestDirector.Status, TestDirector.Full, TestDirector.Pinned })
            Assert.True(IsValid(Json(status)), Json(status).ToJsonString());
    }

    [Fact]
    public void Schema_rejects_what_is_no_status()
    {
        foreach (var change in new Action<JsonObject>[]
        {
            static s => s.Remove("health"),
            static s => s["more"] = 1,
            static s => s["engine"] = "tape",
            static s => s["revision"] = "42",
            static s => s["pools"]![0]!["servers"]![0]!["state"] = "Serving",
            static s => s["agents"]![0]!.AsObject().Remove("lastReport"),
            static s => s["drops"]!["no-service"] = 17,
        })
        {
            var status = Json(TestDirector.Full);
            change(status);
            Assert.False(IsValid(status), status.ToJsonString());
        }
    }

    [Fact]
    public void Json_has_the_documented_keys_in_their_order()
    {
        var json = Json(TestDirector.Status);
        Assert.Equal(
            ["director", "source", "engine", "revision", "appliedAt", "daemon", "interfaces", "workers", "services",
                "pools", "health", "agents", "addressConflicts", "overrides", "responses", "flowTableSize",
                "evicted", "drops"],
            json.Select(static p => p.Key));
        Assert.Equal(
            ["running", "starting", "processId", "version", "started", "configurationFile", "configurationStore",
                "errors", "unresolved", "degraded", "alarms", "multicastMacs", "notes", "restored", "failures",
                "logLinesDropped"],
            json["daemon"]!.AsObject().Select(static p => p.Key));
        Assert.Equal(("edge1", "daemon", "xdp", 42, TestDirector.AppliedAt), ((string)json["director"]!,
            (string)json["source"]!, (string)json["engine"]!, (int)json["revision"]!,
            (DateTimeOffset)json["appliedAt"]!));
    }

    [Fact]
    public void Services_and_servers_have_their_encapsulation_and_counters()
    {
        var json = Json(TestDirector.Status);
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
    public void Interfaces_workers_agents_and_conflicts_are_objects()
    {
        var json = Json(TestDirector.Full);
        Assert.Equal("""{"name":"eth0","driver":"af-xdp","zeroCopy":true}""", json["interfaces"]![0]!.ToJsonString());
        Assert.Equal("""{"name":"sidestep-rx0","frames":10,"sent":9,"rxDropped":8,"txDropped":7}""",
            json["workers"]![0]!.ToJsonString());
        Assert.Equal(CommandRun.Compact("""
            {"server":"web2","connected":false,"lastReport":null,"version":null,"healthy":false,
            "adminState":"enabled","conditions":[]}
            """), json["agents"]![1]!.ToJsonString());
        Assert.Equal("wrong", (string)json["agents"]![0]!["conditions"]![0]!["status"]!);
        Assert.Equal(CommandRun.Compact("""
            {"vip":"203.0.113.10","mac":"02:00:00:00:00:99","device":"eth0","host":null,"kind":"unknown-host",
            "first":"2026-03-01T12:00:00+00:00","last":"2026-03-01T12:00:00+00:00","times":3}
            """), CommandRun.Compact(json["addressConflicts"]![1]!.ToJsonString()));
    }

    [Fact]
    public void Pinned_tables_know_no_process_and_no_health()
    {
        var json = Json(TestDirector.Pinned);
        Assert.Equal(("pinned-tables", false, null, null, null), ((string)json["source"]!,
            (bool)json["daemon"]!["running"]!, json["daemon"]!["processId"], json["daemon"]!["configurationFile"],
            json["health"]));
    }

    [Fact]
    public void Status_is_read_back()
    {
        var text = JsonSerializer.Serialize(TestDirector.Full, ApiJson.Default.DirectorStatus);
        var read = JsonSerializer.Deserialize(text, ApiJson.Default.DirectorStatus)!;
        Assert.Equal(text, JsonSerializer.Serialize(read, ApiJson.Default.DirectorStatus));
        Assert.Equal(ServerCondition.Draining, read.Pools[0].Servers[1].State);
    }

    [Theory]
    [InlineData("\"revision\":42", "\"revision\":\"42\"")]
    [InlineData("\"engine\":\"managed\"", "\"engine\":2")]
    [InlineData("\"source\":\"daemon\",", "")]
    public void Other_json_is_rejected(string text, string replacement)
    {
        var json = JsonSerializer.Serialize(TestDirector.Full, ApiJson.Default.DirectorStatus);
        Assert.Contains(text, json, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(
            json.Replace(text, replacement, StringComparison.Ordinal), ApiJson.Default.DirectorStatus));
    }

    private static JsonObject Json(DirectorStatus status) => JsonNode.Parse(
        CommandRun.Of(StatusCommand.Create(_ => status), "--json").Output)!.AsObject();

    private static bool IsValid(JsonObject status) =>
        Schema.Evaluate(JsonSerializer.SerializeToElement(status)).IsValid;
}
