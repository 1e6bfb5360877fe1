using System.Text.RegularExpressions;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Daemon.Metrics;

/// <summary>The dashboard and the alert rules use metrics and labels that exist.</summary>
public sealed partial class MonitoringFilesTests
{
    [Theory]
    [InlineData("monitoring/alerts.yaml")]
    [InlineData("monitoring/dashboard.json")]
    public async Task File_uses_existing_metrics_and_labels(string path)
    {
        var families = (await Exposition.OfAsync(Cli.TestDirector.Full)).Families;
        var uses = Use().Matches(Repository.Read(path).Replace("\\\"", "\"", StringComparison.Ordinal));
        Assert.NotEmpty(uses);
        foreach (Match use in uses)
        {
            var name = use.Groups["name"].Value;
            Assert.True(families.ContainsKey(name), $"{path}: {name} does not exist");
            foreach (Capture label in use.Groups["label"].Captures)
                Assert.True(label.Value is "instance" or "job" || families[name].Labels.Contains(label.Value),
                    $"{path}: {name} has no label '{label.Value}'");
        }
    }

    [Fact]
    public void Every_alert_has_a_test()
    {
        var tests = Repository.Read("monitoring/alerts.test.yaml");
        foreach (Match alert in Alert().Matches(Repository.Read("monitoring/alerts.yaml")))
            Assert.Contains($"alertname=\"{alert.Groups["name"].Value}\"", tests, StringComparison.Ordinal);
    }

    [GeneratedRegex("""(?<name>sidestep_[a-z_0-9]+)(?:\{(?:(?<label>[a-z_]+)(?:=|!=|=~|!~)"[^"]*",?\s*)*\})?""")]
    private static partial Regex Use();

    [GeneratedRegex("- alert: (?<name>\\w+)")]
    private static partial Regex Alert();
}
