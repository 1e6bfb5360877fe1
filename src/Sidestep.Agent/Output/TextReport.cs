using System.Globalization;
using Sidestep.Agent.Decapsulation;

namespace Sidestep.Agent.Output;

/// <summary>Prints a verification as a table, each cure below its line.</summary>
internal static class TextReport
{
    public static void Write(Verification result, TextWriter output)
    {
        var rows = result.Conditions.Select(static c => new[] { Mark(c.Verdict), c.Name, c.Found, c.Wanted }).ToList();
        rows.Insert(0, ["", "condition", "found", "wanted"]);
        var widths = Enumerable.Range(0, 4).Select(i => rows.Max(r => r[i].Length)).ToArray();
        for (var i = 0; i < rows.Count; i++)
        {
            output.WriteLine(string.Join("  ", rows[i].Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
            if (i > 0 && result.Conditions[i - 1].Cure is { Length: > 0 } cure)
                output.WriteLine(new string(' ', widths[0] + 2) + "-> " + cure);
        }
        if (result.Counters is { } counters)
        {
            var told = counters.Where(static c => c.Key == DecapsulationCounter.Decapsulated || c.Value > 0)
                .Select(static c => string.Create(CultureInfo.InvariantCulture, $"{Words(c.Key)}: {c.Value}"));
            output.WriteLine("packets " + string.Join("; ", told));
        }
        output.WriteLine(result.IsFit ? "This host is a fit real server."
            : $"This host is NOT a fit real server: {result.Conditions.Count(static c => c.Verdict == Verdict.Wrong)} conditions fail.");
    }

    private static string Mark(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Wrong => "WRONG",
        _ => "note",
    };

    private static string Words(DecapsulationCounter counter) => counter switch
    {
        DecapsulationCounter.Decapsulated => "decapsulated",
        DecapsulationCounter.RefusedSource => "dropped, not from a director",
        DecapsulationCounter.RefusedVip => "dropped, not for a VIP of this server",
        DecapsulationCounter.RefusedDestination => "left alone, outer destination not this server's",
        DecapsulationCounter.Malformed => "dropped, malformed",
        DecapsulationCounter.EcnDropped => "dropped, congestion mark on a packet without ECN",
        DecapsulationCounter.OuterFragment => "left alone, fragmented on the way",
        DecapsulationCounter.Foreign => "left alone, another tunnel's",
        DecapsulationCounter.Failed => "dropped, the kernel failed",
        _ => counter.ToString(),
    };
}
