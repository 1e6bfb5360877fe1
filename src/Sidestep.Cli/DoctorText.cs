using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sidestep.Api;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes what the doctor found, for people and for programs.</summary>
public static class DoctorText
{
    private static readonly ApiJson Indented = new(new JsonSerializerOptions(ApiJson.Default.Options)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>One JSON object; docs/operations.md describes it.</summary>
    public static void WriteJson(DoctorReport report, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine(JsonSerializer.Serialize(report, Indented.DoctorReport));
    }

    /// <summary>Each diagnosis with its evidence and its cure.</summary>
    public static void Write(DoctorReport report, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(report);
        var console = TextConsole.On(output);
        var checkedCounts = string.Join(", ", report.Checked.OrderByDescending(static l => l.Key, StringComparer.Ordinal).Select(static l => string.Create(CultureInfo.InvariantCulture, $"{l.Value} {l.Key}")));
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[bold]{report.Director}[/]: {(report.Diagnoses.IsEmpty ? "nothing is wrong that can be seen" : $"{report.Diagnoses.Length} diagnoses, causes first")} ({checkedCounts}; {report.Seconds:0.0} s)");
        foreach (var d in report.Diagnoses)
        {
            console.WriteLine();
            console.MarkupLineInterpolated($"[bold]{d.Name}[/] ({d.Severity.ToString().ToLowerInvariant()}){(d.Server is null ? "" : $" {d.Server}")}{(d.Services.IsEmpty ? "" : $": {string.Join(", ", d.Services)}")}");
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
}
