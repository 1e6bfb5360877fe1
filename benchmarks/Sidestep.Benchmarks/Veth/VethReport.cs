using System.Globalization;
using Spectre.Console;

namespace Sidestep.Benchmarks.Veth;

/// <summary>Prints results as a table.</summary>
internal static class VethReport
{
    internal static void Table(VethResults results)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("case").AddColumn("what forwards")
            .AddColumn("packets per CPU-second", Report.Right).AddColumn("ns", Report.Right)
                .AddColumn("times the floor", Report.Right)
            .AddColumn("times the director", Report.Right).AddColumn("arrived", Report.Right);
        foreach (var c in results.Cases)
        {
            table.AddRow(c.Name, c.What,
                $"{Number(c.PacketsPerCpuSecondMedian, "N0")} "
                    + $"({Number(c.PacketsPerCpuSecondQuartile1, "N0")}.."
                    + $"{Number(c.PacketsPerCpuSecondQuartile3, "N0")})",
                Number(c.NsPerPacketMedian, "0"),
                $"{Number(c.TimesFloor, "0.00")} "
                    + $"({Number(c.TimesFloorQuartile1, "0.00")}..{Number(c.TimesFloorQuartile3, "0.00")})",
                c.TimesDirector is { } times ? Number(times, "0.00") : "-",
                c.Arrived == c.Sent ? "all" : Number(100.0 * c.Arrived / c.Sent, "0.0") + "%");
        }
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, Report.TableWidth);
        AnsiConsole.Write(table);
        foreach (var missing in results.NotMeasured)
            AnsiConsole.WriteLine($"{missing.Name} was not measured: {missing.Reason}");
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{results.Flows} flows; made, forwarded and counted on one CPU. Medians, with the first and third "
                + $"quartiles in brackets. Load of the {results.Machine.Cpus} CPUs: {results.Machine.LoadBefore:0.0} "
                + $"before, {results.Machine.LoadAfter:0.0} after."));
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
