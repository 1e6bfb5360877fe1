using System.Text.Json;
using System.Text.Json.Nodes;
using Sidestep.Api;
using Sidestep.Control.Agents;

namespace Sidestep.UnitTests.Control.Agents;

/// <summary>Reports are JSON from other hosts: whatever is missing or null in one, the director stores nothing that it
/// cannot use.</summary>
public sealed class ReportValidationTests
{
    private const string Full = """
        {
          "agentVersion": "1", "hostName": "web1", "operatingSystem": "linux", "kernel": "6.1",
          "wallClock": "2026-03-01T12:00:00Z", "instance": "a", "sequence": 1, "reconciles": true,
          "conditions": [
            { "name": "vip", "subject": "lo", "status": "ok", "found": "", "expected": "", "remedy": "" } ],
          "drifts": [
            { "name": "vip", "subject": "lo", "found": "", "noticed": "2026-03-01T12:00:00Z", "times": 1 } ],
          "counters": { "decapsulated": 1 },
          "traffic": [ { "vip": "203.0.113.10", "synReceived": 1, "synAckSent": 1 } ],
          "listeners": [ { "protocol": "tcp", "address": "0.0.0.0", "port": 80 } ],
          "defaultRoutes": [ { "family": 4, "device": "eth0" } ],
          "devices": [ { "name": "eth0", "mac": "", "mtu": 1500, "isUp": true, "addresses": ["10.0.0.11/24"],
                         "offloads": ["tso"] } ],
          "filterHints": ["nftables has rules"], "adminState": "enabled"
        }
        """;

    /// <summary>A list or a value that is null or missing, and the errors.</summary>
    public static TheoryData<string, string, string[]> Incomplete => new()
    {
        { "conditions", "", ["conditions: is missing: a report has every condition"] },
        { "conditions", "[null]", ["conditions[0]: is null"] },
        { "conditions", "[{ \"status\": \"ok\" }]", ["conditions[0].name: is missing",
            "conditions[0].subject: is missing", "conditions[0].found: is missing",
            "conditions[0].expected: is missing", "conditions[0].remedy: is missing"] },
        { "drifts", "[null]", ["drifts[0]: is null"] },
        { "traffic", "[{}]", ["traffic[0].vip: is missing"] },
        { "listeners", "[{ \"protocol\": \"tcp\" }]", ["listeners[0].address: is missing"] },
        { "defaultRoutes", "[{}]", ["defaultRoutes[0].device: is missing"] },
        { "devices", "[null, { \"name\": \"eth0\", \"mac\": \"\", \"addresses\": [null] }]",
            ["devices[0]: is null", "devices[1].addresses[0]: is null", "devices[1].offloads: is missing"] },
        { "filterHints", "[\"a\", null]", ["filterHints[1]: is null"] },
        { "adminState", "\"asleep\"", ["adminState: 'asleep' is neither enabled nor draining"] },
        { "agentVersion", "null", ["agentVersion: is missing"] },
    };

    [Theory]
    [MemberData(nameof(Incomplete))]
    public void Errors_name_their_places(string name, string value, string[] expected)
    {
        var report = JsonNode.Parse(Full)!.AsObject();
        report.Remove(name);
        if (value.Length > 0)
            report[name] = JsonNode.Parse(value);
        ReportValidation.Complete(Read(report), out var problems);
        Assert.Equal(expected, problems);
    }

    [Fact]
    public void Full_report_is_valid_and_unchanged()
    {
        var report = Read(JsonNode.Parse(Full)!);
        var completed = ReportValidation.Complete(report, out var problems);
        Assert.Empty(problems);
        Assert.Equal(Write(report), Write(completed));
    }

    /// <summary>Everything that reads a report reads all of these.</summary>
    [Fact]
    public void Missing_lists_and_texts_are_empty()
    {
        var report = ReportValidation.Complete(Read(JsonNode.Parse("""
            { "agentVersion": "1", "operatingSystem": "linux", "wallClock": "2026-03-01T12:00:00Z", "conditions": [] }
            """)!), out var problems);
        Assert.Empty(problems);
        Assert.Equal((AdminStates.Enabled, "", "", ""), (report.AdminState, report.HostName, report.Kernel,
            report.Instance));
        Assert.Empty(report.Counters);
        Assert.DoesNotContain("null", Write(report), StringComparison.Ordinal);
    }

    /// <summary>Each value of the report in turn is null, another type, or missing: either an error of the reader or of
    /// the validation, or a report that can be written.</summary>
    [Fact]
    public void Damaged_value_anywhere_is_an_error_or_harmless()
    {
        foreach (var place in Places(JsonNode.Parse(Full)!, []))
        {
            foreach (var value in new[] { "null", "0", "\"\"", "[]", "{}", "[null]" })
            {
                var report = JsonNode.Parse(Full)!;
                Set(report, place, JsonNode.Parse(value));
                try
                {
                    var completed = ReportValidation.Complete(Read(report), out var problems);
                    if (problems.Count == 0)
                        Write(completed);
                }
                catch (JsonException)
                {
                    // rejected with 400 by the reader
                }
            }
        }
    }

    private static AgentReport Read(JsonNode report) =>
        JsonSerializer.Deserialize(report.ToJsonString(), ApiJson.Default.AgentReport)!;

    private static string Write(AgentReport report) => JsonSerializer.Serialize(report, ApiJson.Default.AgentReport);

    private static IEnumerable<object[]> Places(JsonNode? node, object[] above)
    {
        IEnumerable<(object Key, JsonNode? Child)> children = node switch
        {
            JsonObject o => o.Select(static p => ((object)p.Key, p.Value)),
            JsonArray a => a.Select(static (n, i) => ((object)i, n)),
            _ => [],
        };
        foreach (var (key, child) in children)
        {
            object[] place = [.. above, key];
            yield return place;
            foreach (var below in Places(child, place))
                yield return below;
        }
    }

    private static void Set(JsonNode node, object[] place, JsonNode? value)
    {
        foreach (var key in place[..^1])
            node = key is int i ? node[i]! : node[(string)key]!;
        if (place[^1] is int index)
            node[index] = value;
        else
            node[(string)place[^1]] = value;
    }
}
