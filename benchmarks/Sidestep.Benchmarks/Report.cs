using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Sidestep.Benchmarks;

/// <summary>The results of one run for the XDP program.</summary>
internal sealed record XdpResults(MachineInfo Machine, IReadOnlyList<CaseResult> Cases,
    IReadOnlyList<ApplyResult> Apply);

/// <summary>The results of one run for the managed engine.</summary>
internal sealed record ManagedResults(MachineInfo Machine, IReadOnlyList<ManagedResult> Cases);

/// <summary>The machine, and its load.</summary>
internal sealed record MachineInfo(string Kernel, int Cpus, double LoadBefore, double LoadAfter)
{
    /// <summary>This machine, after the measurement.</summary>
    internal static MachineInfo Now(double loadBefore) =>
        new(Native.Kernel.Release.ToString(), Environment.ProcessorCount, loadBefore, Load());

    /// <summary>Average number of runnable processes over the last minute.</summary>
    internal static double Load() =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
}

/// <summary>Prints results as JSON or as a table.</summary>
internal static class Report
{
    internal const int TableWidth = 160;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new HundredthsConverter(), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    internal static void Json<T>(T results) => Console.Out.WriteLine(JsonSerializer.Serialize(results, Options));

    internal static void Table(XdpResults results)
    {
        // A row of a table is one line on every output.
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, TableWidth);
        if (results.Cases.Count > 0)
            AnsiConsole.Write(CaseTable(results.Cases));
        if (results.Apply.Count > 0)
            AnsiConsole.Write(ApplyTable(results.Apply));
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Nanoseconds per packet without the harness; medians, with the first and third quartiles in brackets. "
                + $"Load of the {results.Machine.Cpus} CPUs: {results.Machine.LoadBefore:0.0} before, "
                + $"{results.Machine.LoadAfter:0.0} after."));
    }

    internal static void Managed(ManagedResults results, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(results, Options));
            return;
        }
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, TableWidth);
        var table = new Table().Border(TableBorder.Simple).AddColumn("case").AddColumn("net ns", Right)
            .AddColumn("per CPU-second", Right)
            .AddColumn("bytes allocated per million", Right).AddColumn("compared with").AddColumn("its ns", Right)
                .AddColumn("bound").AddColumn("");
        foreach (var c in results.Cases)
        {
            table.AddRow(c.Name, Spread(c.NetNsMedian, c.NetNsQuartile1, c.NetNsQuartile3), Number(c.PpsPerCpu, "0"),
                Number(c.BytesAllocatedPerMillion, "0"),
                c.PeerName
                    ?? "", c.PeerNsMedian is { } peer ? Number(peer) : "", Text(c.Bound), Verdict(c.WithinBound));
        }
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Nanoseconds per packet; medians, with the first and third quartiles in brackets. Load of the "
                + $"{results.Machine.Cpus} CPUs: {results.Machine.LoadBefore:0.0} before, "
                + $"{results.Machine.LoadAfter:0.0} after."));
    }

    private static Table CaseTable(IReadOnlyList<CaseResult> cases)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("case").AddColumn("net ns", Right)
            .AddColumn("floor").AddColumn("floor ns", Right).AddColumn("over the floor", Right)
                .AddColumn("times", Right)
            .AddColumn("bound").AddColumn("");
        foreach (var c in cases)
        {
            table.AddRow(c.Name, Spread(c.NetNsMedian, c.NetNsQuartile1, c.NetNsQuartile3),
                c.FloorName, Spread(c.FloorNsMedian, c.FloorNsQuartile1, c.FloorNsQuartile3),
                Number(c.OverFloorNs), c.Times is { } times
                    ? Number(times, "0.00") : "-", Text(c.Bound), Verdict(c.WithinBound));
        }
        return table;
    }

    private static Table ApplyTable(IReadOnlyList<ApplyResult> results)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("apply").AddColumn("ms", Right)
            .AddColumn("stages, ms")
            .AddColumn("bound").AddColumn("");
        foreach (var r in results)
        {
            table.AddRow(r.Name, Spread(r.MsMedian, r.MsQuartile1, r.MsQuartile3),
                string.Join(", ", r.StagesMs.Select(static s => $"{s.Key} {Number(s.Value)}")), Text(r.Bound),
                    Verdict(r.WithinBound));
        }
        return table;
    }

    internal static void Right(TableColumn column) => column.RightAligned().NoWrap();

    private static string Text(Bound? bound) => bound?.Figure switch
    {
        Figure.OverFloorNs => $"at most {Number(bound.Limit)} over",
        Figure.Times => $"at most {Number(bound.Limit, "0.0")} times",
        Figure.NetNs or Figure.Ms => $"at most {Number(bound.Limit)}",
        _ => "",
    };

    private static string Verdict(bool? withinBound) => withinBound switch
    {
        true => "within",
        false => "[bold]missed[/]",
        _ => "",
    };

    private static string Spread(double median, double low, double high) =>
        $"{Number(median)} ({Number(low)}..{Number(high)})";

    private static string Number(double value, string format = "0.#") =>
        value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Prints no more digits than the kernel's clock provides.</summary>
    private sealed class HundredthsConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value, 2));
    }
}
