using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Sidestep.Api;
using Sidestep.Cli;

namespace Sidestep.UnitTests.Cli;

public sealed class DoctorTextTests
{
    internal static DoctorReport Healthy { get; } = new()
    {
        Director = "edge1",
        At = TestDirector.AppliedAt,
        Seconds = 4.25,
        Checked = ImmutableDictionary<string, int>.Empty.Add("probes", 40).Add("servers", 12).Add("services", 3),
    };

    internal static DoctorReport Sick { get; } = Healthy with
    {
        Diagnoses =
        [
            new Diagnosis
            {
                Name = DiagnosisNames.VipMissing,
                Severity = Severity.Broken,
                Server = "web1",
                Services = ["www", "api"],
                Summary = "web1 does not have 203.0.113.10.",
                Evidence = ["the agent: no such address", "the director: no reply [from the VIP]"],
                Remedy = "Add 203.0.113.10/32 to lo.",
            },
            new Diagnosis
            {
                Name = DiagnosisNames.ClockSkew,
                Severity = Severity.Warning,
                Summary = "The clocks differ.",
                Remedy = "Use NTP.",
            },
        ],
        NotChecked = ["web2: no agent"],
    };

    [Fact]
    public void Report_without_diagnoses_is_one_line() =>
        Assert.Equal("edge1: found nothing wrong (3 services, 12 servers, 40 probes; 4.3 s)\n", Text(Healthy));

    [Fact]
    public void Each_diagnosis_has_its_severity_evidence_and_remedy() =>
        Assert.Equal("""
            edge1: 2 diagnoses, causes first (3 services, 12 servers, 40 probes; 4.3 s)

            vip-missing (broken) web1: www, api
              web1 does not have 203.0.113.10.
              - the agent: no such address
              - the director: no reply [from the VIP]
              remedy: Add 203.0.113.10/32 to lo.

            clock-skew (warning)
              The clocks differ.
              remedy: Use NTP.

            not checked: web2: no agent

            """, Text(Sick));

    [Fact]
    public void Json_has_the_names_of_the_contract()
    {
        var json = JsonNode.Parse(CommandRun.TextOf(o => DoctorText.WriteJson(Sick, o)))!.AsObject();
        Assert.Equal(["director", "at", "seconds", "diagnoses", "notChecked", "checked"],
            json.Select(static p => p.Key));
        var diagnosis = json["diagnoses"]![0]!.AsObject();
        Assert.Equal(["name", "severity", "server", "services", "summary", "evidence", "remedy"],
            diagnosis.Select(static p => p.Key));
        Assert.Equal(("vip-missing", "broken"), ((string)diagnosis["name"]!, (string)diagnosis["severity"]!));
        Assert.False(json["diagnoses"]![1]!.AsObject().ContainsKey("server"));
    }

    [Fact]
    public void Json_is_indented_and_readable_for_people()
    {
        var text = CommandRun.TextOf(static o => DoctorText.WriteJson(
            Healthy with { NotChecked = ["web1's agent <none>"] }, o));
        Assert.Contains("\n  \"director\": \"edge1\",\n", text, StringComparison.Ordinal);
        Assert.Contains("\"web1's agent <none>\"", text, StringComparison.Ordinal);
    }

    private static string Text(DoctorReport report) => string.Join('\n',
        CommandRun.TextOf(o => DoctorText.Write(report, o)).Split('\n').Select(static l => l.TrimEnd()));
}
