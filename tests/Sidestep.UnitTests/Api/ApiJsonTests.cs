using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.UnitTests.Cli;

namespace Sidestep.UnitTests.Api;

/// <summary>The JSON of the contracts: its names are part of them.</summary>
public sealed class ApiJsonTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Server_spec_has_the_documented_form()
    {
        var spec = new ServerSpec
        {
            Revision = 7,
            Director = "edge1",
            DirectorVersion = "0.1.0",
            Directors = [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("2001:db8::2")],
            Issued = Noon,
            Services =
            [
                new ServiceSpec
                {
                    Name = "www",
                    Vips = [IPNetwork.Parse("203.0.113.10/32"), IPNetwork.Parse("203.0.113.64/26"),
                        IPNetwork.Parse("2001:db8::10/128")],
                    Protocol = "tcp",
                    Ports = ["80", "8000-8099"],
                    Dsr = DsrTypes.Layer3,
                    Encapsulation = "gue",
                    GuePort = 6080,
                    OuterSources = [IPNetwork.Parse("198.18.0.0/15")],
                    Server = IPAddress.Parse("10.0.0.11"),
                    PathMtu = new PathMtu(1500, 36, 1424, 1404),
                },
            ],
        };
        AssertRoundTrip("""
            {"revision":7,"director":"edge1","directorVersion":"0.1.0","directors":["10.0.0.2","2001:db8::2"],
            "services":[{"name":"www","vips":["203.0.113.10","203.0.113.64/26","2001:db8::10"],"protocol":"tcp",
            "ports":["80","8000-8099"],"dsr":"l3","encapsulation":"gue","guePort":6080,
            "outerSources":["198.18.0.0/15"],"server":"10.0.0.11","pathMtu":{"directorMtu":1500,"overhead":36,
            "mss4":1424,"mss6":1404}}],"reportIntervalMilliseconds":2000,"issued":"2026-03-01T12:00:00+00:00"}
            """, spec, ApiJson.Default.ServerSpec);
    }

    [Fact]
    public void Spec_of_a_service_must_have_VIPs() => Assert.Throws<JsonException>(static () =>
        JsonSerializer.Deserialize("""{"services":[{"name":"www"}]}""", ApiJson.Default.ServerSpec));

    [Fact]
    public void Agent_report_has_the_documented_form()
    {
        var report = new AgentReport
        {
            AgentVersion = "0.1.0",
            HostName = "web1",
            OperatingSystem = "linux",
            Kernel = "6.1.0",
            WallClock = Noon,
            Instance = "a1",
            Sequence = 2,
            ReportEpoch = 3,
            SpecRevision = 7,
            Conditions = [new Condition(ConditionNames.ArpIgnore, "eth0", ConditionStatus.Wrong, "0", "1", "set it")],
            Drifts = [new Drift(ConditionNames.Vip, "203.0.113.10", "gone", Noon, null, 2)],
            Counters = ImmutableDictionary<string, long>.Empty.Add(AgentCounterNames.Decapsulated, 9),
            Traffic = [new VipTraffic(IPAddress.Parse("203.0.113.10"), 5, 4, 1)],
            Listeners = [new Listener("tcp", IPAddress.Any, 80, "nginx")],
            DefaultRoutes = [new DefaultRoute(4, "eth0", IPAddress.Parse("10.0.0.1"), null)],
            Devices = [new Device("eth0", "02:00:00:00:00:01", 1500, true, ["10.0.0.11/24"], ["rx-checksumming"])],
            FilterHints = ["nftables has rules"],
            AdminState = AdminStates.Draining,
        };
        AssertRoundTrip("""
            {"agentVersion":"0.1.0","hostName":"web1","operatingSystem":"linux","kernel":"6.1.0",
            "wallClock":"2026-03-01T12:00:00+00:00","instance":"a1","sequence":2,"reportEpoch":3,"specRevision":7,
            "reconciles":true,"conditions":[{"name":"arp-ignore","subject":"eth0","status":"wrong","found":"0",
            "expected":"1","remedy":"set it"}],"drifts":[{"name":"vip","subject":"203.0.113.10","found":"gone",
            "noticed":"2026-03-01T12:00:00+00:00","times":2}],"counters":{"decapsulated":9},
            "traffic":[{"vip":"203.0.113.10","synReceived":5,"synAckSent":4,"resetsSent":1}],
            "listeners":[{"protocol":"tcp","address":"0.0.0.0","port":80,"program":"nginx"}],
            "defaultRoutes":[{"family":4,"device":"eth0","gateway":"10.0.0.1"}],"devices":[{"name":"eth0",
            "mac":"02:00:00:00:00:01","mtu":1500,"isUp":true,"addresses":["10.0.0.11/24"],
            "offloads":["rx-checksumming"]}],"filterHints":["nftables has rules"],"adminState":"draining",
            "isHealthy":false}
            """, report, ApiJson.Default.AgentReport);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(true, ConditionStatus.Ok, ConditionStatus.Note)]
    [InlineData(false, ConditionStatus.Ok, ConditionStatus.Wrong)]
    public void Host_is_healthy_without_a_wrong_condition(bool isHealthy, params ConditionStatus[] statuses)
    {
        var report = new AgentReport
        {
            AgentVersion = "1",
            OperatingSystem = "linux",
            WallClock = Noon,
            Conditions = [.. statuses.Select(static s => new Condition("vip", "", s, "", "", ""))],
        };
        Assert.Equal(isHealthy, report.IsHealthy);
    }

    [Theory]
    [InlineData(Severity.Broken, "broken")]
    [InlineData(Severity.Impaired, "impaired")]
    [InlineData(Severity.Warning, "warning")]
    public void Severity_is_a_word(Severity severity, string word)
    {
        var diagnosis = new Diagnosis { Name = "drift", Severity = severity, Summary = "s", Remedy = "r" };
        var report = new DoctorReport { Director = "d", At = Noon, Diagnoses = [diagnosis] };
        var json = JsonSerializer.Serialize(report, ApiJson.Default.DoctorReport);
        Assert.Contains($"\"severity\":\"{word}\"", json, StringComparison.Ordinal);
        Assert.Equal(severity, JsonSerializer.Deserialize(json, ApiJson.Default.DoctorReport)!.Diagnoses[0].Severity);
    }

    [Theory]
    [InlineData("10.0.0.300")]
    [InlineData("")]
    [InlineData("web1")]
    public void Text_that_is_no_address_is_rejected(string text)
    {
        var json = $$"""{"directors":["{{text}}"]}""";
        var error = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, ApiJson.Default.ServerSpec));
        Assert.StartsWith("not an IP address", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("203.0.113.1/x")]
    [InlineData("203.0.113.0/33")]
    [InlineData("")]
    public void Text_that_is_no_prefix_is_rejected(string text)
    {
        var json = $$"""{"services":[{"vips":["{{text}}"]}]}""";
        Assert.StartsWith("neither an IP address nor a prefix", Assert.Throws<JsonException>(() =>
            JsonSerializer.Deserialize(json, ApiJson.Default.ServerSpec)).Message, StringComparison.Ordinal);
    }

    private static void AssertRoundTrip<T>(string json, T value,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        var expected = CommandRun.Compact(json);
        Assert.Equal(expected, CommandRun.Compact(JsonSerializer.Serialize(value, type)));
        var read = JsonSerializer.Deserialize(json, type)!;
        Assert.Equal(expected, CommandRun.Compact(JsonSerializer.Serialize(read, type)));
    }
}
