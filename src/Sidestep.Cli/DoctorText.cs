using System.Globalization;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Forwarding;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes a report of the doctor.</summary>
public static class DoctorText
{
    /// <summary>Writes one JSON object; docs/operations.md describes it.</summary>
    public static void WriteJson(DoctorReport report, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine(JsonSerializer.Serialize(report, ApiJson.Indented.DoctorReport));
    }

    /// <summary>Writes each diagnosis with its evidence and its remedy, for people.</summary>
    public static void Write(DoctorReport report, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(report);
        var console = TextConsole.On(output);
        console.MarkupLineInterpolated($"[bold]{report.Director}[/]: {Sentence(report)}");
        foreach (var d in report.Diagnoses)
        {
            console.WriteLine();
            var server = d.Server is null ? "" : $" {d.Server}";
            var services = d.Services.IsEmpty ? "" : $": {string.Join(", ", d.Services)}";
            console.MarkupLineInterpolated($"[bold]{d.Name}[/] ({CounterName.Of(d.Severity)}){server}{services}");
            console.MarkupLineInterpolated($"  {d.Summary}");
            foreach (var line in d.Evidence)
                console.MarkupLineInterpolated($"  - {line}");
            console.MarkupLineInterpolated($"  [green]remedy[/]: {d.Remedy}");
        }
        if (!report.NotChecked.IsEmpty)
            console.WriteLine();
        foreach (var line in report.NotChecked)
            console.MarkupLineInterpolated($"not checked: {line}");
    }

    /// <summary><c>2 diagnoses, causes first (3 services, 12 servers; 4.2 s)</c>.</summary>
    private static string Sentence(DoctorReport report)
    {
        var counts = report.Checked.OrderByDescending(static c => c.Key, StringComparer.Ordinal)
            .Select(static c => string.Create(CultureInfo.InvariantCulture, $"{c.Value} {c.Key}"));
        var result = report.Diagnoses.IsEmpty ? "found nothing wrong"
            : $"{report.Diagnoses.Length} diagnoses, causes first";
        return string.Create(CultureInfo.InvariantCulture,
            $"{result} ({string.Join(", ", counts)}; {report.Seconds:0.0} s)");
    }
}
