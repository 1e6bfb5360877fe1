using System.Text;
using System.Text.RegularExpressions;
using Sidestep.Api.Status;
using Sidestep.Daemon.Metrics;

namespace Sidestep.UnitTests.Daemon.Metrics;

/// <summary>Metrics in the text format of Prometheus, version 0.0.4, read by its rules.</summary>
internal sealed partial class Exposition
{
    /// <summary>Type, help and labels of each metric, by name.</summary>
    public SortedDictionary<string, (string Type, string Help, SortedSet<string> Labels)> Families { get; } =
        new(StringComparer.Ordinal);

    /// <summary>The value of each series; the key is the series as written.</summary>
    public Dictionary<string, double> Series { get; } = [];

    public static async Task<Exposition> OfAsync(DirectorStatus status, bool perServer = true)
    {
        using var output = new MemoryStream();
        var metrics = new PrometheusMetrics();
        StatusMetrics.Add(metrics, status, perServer);
        await metrics.WriteAsync(output, TestContext.Current.CancellationToken);
        return Parse(Encoding.UTF8.GetString(output.ToArray()));
    }

    public static Exposition Parse(string text)
    {
        var result = new Exposition();
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', 4);
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
                result.Families.Add(words[2], ("", words[3], []));
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                result.Families[words[2]] = result.Families[words[2]] with { Type = words[3] };
            else
                result.Add(SeriesLine().Match(line));
        }
        return result;
    }

    private void Add(Match line)
    {
        Assert.True(line.Success);
        var name = line.Groups["name"].Value;
        foreach (Capture label in line.Groups["label"].Captures)
            Families[name].Labels.Add(label.Value);
        Series.Add($"{name}{line.Groups["labels"].Value}",
            double.Parse(line.Groups["value"].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    [GeneratedRegex("""^(?<name>[a-z_0-9]+)(?<labels>\{(?:(?<label>[a-z_]+)="(?:[^"\\]|\\.)*",?)+\})?"""
        + " (?<value>\\S+)$")]
    private static partial Regex SeriesLine();
}
