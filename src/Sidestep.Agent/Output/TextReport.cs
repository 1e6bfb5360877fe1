using System.Globalization;
using Sidestep.Agent.Programs;
using Sidestep.Api;

namespace Sidestep.Agent.Output;

/// <summary>Prints a verification as a table, each remedy below its condition.</summary>
internal static class TextReport
{
    public static void Write(Verification result, TextWriter output)
    {
        WriteTable(result, output);
        if (result.Counters is { } counters)
        {
            var shown = counters.Where(static c => c.Key == PacketCounter.Decapsulated || c.Value > 0)
                .Select(static c => string.Create(CultureInfo.InvariantCulture, $"{Describe(c.Key)}: {c.Value}"));
            output.WriteLine("packets " + string.Join("; ", shown));
            foreach (var vip in result.Traffic)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"connections to {vip.Vip}: {vip.SynReceived} SYN received, {vip.SynAckSent} SYN-ACK sent, "
                    + $"{vip.ResetsSent} RST sent"));
            }
        }
        var failed = result.Conditions.Count(static c => c.Status == ConditionStatus.Wrong);
        output.WriteLine(failed == 0 ? "This host is ready as a real server."
            : "This host is NOT ready as a real server: "
            + (failed == 1 ? "1 condition fails." : $"{failed} conditions fail."));
    }

    /// <summary>Prints the last report of a running agent.</summary>
    public static void Write(AgentReport report, TextWriter output)
    {
        output.WriteLine($"spec revision {report.SpecRevision}; admin state {report.AdminState}; "
            + $"reported {report.WallClock:u}");
        Write(new Verification(report.Conditions), output);
        foreach (var drift in report.Drifts)
        {
            output.WriteLine($"drift: {drift.Name} {drift.Subject} was {drift.Found} at {drift.Noticed:u}"
                + $"{(drift.Times > 1 ? $", {drift.Times} times so far" : "")}; "
                + (drift.Repaired is { } at ? $"repaired after {(at - drift.Noticed).TotalMilliseconds:0} ms"
                    : "NOT repaired"));
        }
        var counters = report.Counters.Where(static c => c.Value > 0)
            .OrderBy(static c => c.Key, StringComparer.Ordinal);
        output.WriteLine("counters " + string.Join(", ", counters.Select(static c => $"{c.Key} {c.Value}")));
    }

    private static void WriteTable(Verification result, TextWriter output)
    {
        var rows = result.Conditions.Select(static c => new[]
        {
            Label(c.Status), c.Subject.Length == 0 ? c.Name : $"{c.Name} ({c.Subject})", c.Found, c.Expected,
        }).ToList();
        rows.Insert(0, ["", "condition", "found", "expected"]);
        var widths = Enumerable.Range(0, 4).Select(i => rows.Max(r => r[i].Length)).ToArray();
        for (var i = 0; i < rows.Count; i++)
        {
            output.WriteLine(string.Join("  ",
                rows[i].Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
            if (i > 0 && result.Conditions[i - 1].Remedy is { Length: > 0 } remedy)
                output.WriteLine(new string(' ', widths[0] + 2) + "-> " + remedy);
        }
    }

    private static string Label(ConditionStatus status) => status switch
    {
        ConditionStatus.Ok => "ok",
        ConditionStatus.Wrong => "WRONG",
        _ => "note",
    };

    private static string Describe(PacketCounter counter) => counter switch
    {
        PacketCounter.Decapsulated => "decapsulated",
        PacketCounter.RejectedSource => "dropped, not from a director",
        PacketCounter.RejectedVip => "dropped, not for a VIP of this server",
        PacketCounter.RejectedDestination => "passed, outer destination not an address of this server",
        PacketCounter.Malformed => "dropped, malformed",
        PacketCounter.EcnDropped => "dropped, CE mark on a packet without ECN",
        PacketCounter.OuterFragment => "passed, fragmented in transit",
        PacketCounter.Foreign => "passed, packets of other tunnels",
        PacketCounter.OtherKind => "passed, from a director in an encapsulation that is not configured",
        PacketCounter.Solicitation => "dropped, neighbour solicitation for a VIP",
        PacketCounter.Advertisement => "dropped, neighbour advertisement for a VIP",
        PacketCounter.MssLowered => "SYN-ACKs with the MSS lowered",
        PacketCounter.Failed => "dropped, the kernel could not remove the outer header",
        _ => counter.ToString(),
    };
}
