using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Sidestep.Benchmarks;

/// <summary>A case and its floor: net nanoseconds per packet, the harness and its undoing subtracted.</summary>
internal sealed record CaseResult(
    string Name, double NetNsMedian, double NetNsMin, string FloorName, double FloorNsMedian, double FloorNsMin);

/// <summary>Prints results.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    internal static void Json(IReadOnlyList<CaseResult> cases) => Console.Out.WriteLine(JsonSerializer.Serialize(new { cases }, Options));

    internal static void Table(IReadOnlyList<CaseResult> cases)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn("case").AddColumn("net ns, median", static c => c.RightAligned()).AddColumn("min", static c => c.RightAligned())
            .AddColumn("floor").AddColumn("floor ns, median", static c => c.RightAligned()).AddColumn("min", static c => c.RightAligned())
            .AddColumn("over the floor", static c => c.RightAligned()).AddColumn("times", static c => c.RightAligned());
        foreach (var c in cases)
        {
            var ratio = c.FloorNsMedian >= 2 ? Number(c.NetNsMedian / c.FloorNsMedian, "0.00") : "-";
            table.AddRow(c.Name, Number(c.NetNsMedian), Number(c.NetNsMin), c.FloorName, Number(c.FloorNsMedian), Number(c.FloorNsMin),
                Number(c.NetNsMedian - c.FloorNsMedian), ratio);
        }
        AnsiConsole.Write(table);
    }

    private static string Number(double value, string format = "0.0") => value.ToString(format, CultureInfo.InvariantCulture);
}
