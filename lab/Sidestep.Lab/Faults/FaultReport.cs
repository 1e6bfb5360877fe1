using System.Text.Json;
using Sidestep.Lab.Scenarios;

namespace Sidestep.Lab.Faults;

/// <summary>The one JSON object that `lab run faults --json` prints.</summary>
internal sealed record FaultReport : IRunReport
{
    /// <summary>The minimum number of faults: one for each diagnosis that the lab covers.</summary>
    public const int MinFaults = 24;

    public required string Topology { get; init; }

    public bool Ok => Problems.Count == 0;

    /// <summary>Faults that the lab injected, one at a time.</summary>
    public required int Injected { get; init; }

    /// <summary>Injected faults that the doctor named first, with the right server.</summary>
    public required int Named { get; init; }

    /// <summary>Diagnoses of the intact topology, and of servers without a fault.</summary>
    public required int FalseAlarms { get; init; }

    /// <summary>Duration of the longest run of the doctor, in seconds.</summary>
    public required double LongestSeconds { get; init; }

    public required IReadOnlyList<FaultResult> Faults { get; init; }

    /// <summary>Faults that have no effect with the driver of this run.</summary>
    public required IReadOnlyList<SkippedFault> Skipped { get; init; }

    public required IReadOnlyList<PairResult> Pairs { get; init; }

    public required IReadOnlyList<FalseAlarm> Alarms { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, TrafficReport.Json);

    public void Write()
    {
        foreach (var fault in Faults)
            Console.WriteLine(
                $"{(fault.NamedFirst ? "named first" : fault.Named ? "named" : "NOT NAMED"),-12} {fault.Fault,-36} "
                    + $"{fault.Server,-6} {fault.Seconds,5:0.0} s");
        foreach (var pair in Pairs)
            Console.WriteLine($"{(pair.BothNamed ? "both named" : "NOT BOTH"),-12} {pair.One} + {pair.Other}");
        foreach (var skipped in Skipped)
            Console.WriteLine($"left out     {skipped.Fault}: {skipped.Reason}");
        Console.WriteLine($"{Injected} injected, {Named} named first, {FalseAlarms} false alarms, {Seconds:0} s");
    }
}

/// <param name="Fault">Name of the fault's file.</param>
/// <param name="Expected">The expected diagnosis.</param>
/// <param name="Server">The affected real server; empty: none.</param>
/// <param name="Named">True if the doctor named it.</param>
/// <param name="NamedFirst">True if it was the doctor's first diagnosis.</param>
/// <param name="Seconds">Duration of the doctor's run.</param>
/// <param name="Evidence">The doctor's evidence.</param>
/// <param name="Diagnoses">All diagnoses.</param>
/// <param name="SecondsToClear">Time from the repair until the doctor found nothing; null: it still found something at
/// the timeout.</param>
internal sealed record FaultResult(string Fault, string Expected, string Server, bool Named, bool NamedFirst,
    double Seconds, IReadOnlyList<string> Evidence,
    IReadOnlyList<string> Diagnoses, double? SecondsToClear);

/// <param name="Fault">Name of the fault's file.</param>
/// <param name="Reason">The reason to skip it.</param>
internal sealed record SkippedFault(string Fault, string Reason);

/// <summary>Two faults on two servers at the same time.</summary>
internal sealed record PairResult(string One, string Other, bool BothNamed, double Seconds,
    IReadOnlyList<string> Diagnoses, double? SecondsToClear);

/// <summary>A diagnosis where nothing was wrong.</summary>
internal sealed record FalseAlarm(string When, string Diagnosis, IReadOnlyList<string> Evidence);
