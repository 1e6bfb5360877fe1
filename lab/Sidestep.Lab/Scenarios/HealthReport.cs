using System.Text.Json;
using Sidestep.Lab.Views;

namespace Sidestep.Lab.Scenarios;

/// <summary>The one JSON object that `lab run --json` prints for a topology whose servers break and mend.</summary>
internal sealed record HealthReport : IRunReport
{
    public required string Topology { get; init; }

    public bool Ok => Problems.Count == 0;

    /// <summary>Seconds between two probes.</summary>
    public required double Interval { get; init; }

    public required IReadOnlyList<HealthFaultResult> Faults { get; init; }

    public required int Requests { get; init; }

    public required int RequestsFailed { get; init; }

    public required NeverHealthyResult NeverHealthy { get; init; }

    /// <summary>From the verdict that a server failed to tables without it, as the daemon measured it.</summary>
    public required JsonElement Removal { get; init; }

    /// <summary>How late probes began.</summary>
    public required JsonElement Late { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, TrafficReport.Json);

    public void Write() => HealthView.Write(this);
}

/// <param name="Fault">What was taken away.</param>
/// <param name="Server">From whom.</param>
/// <param name="OutSeconds">Until the last frame of a client came to it.</param>
/// <param name="Intervals">The same, in intervals of the monitor.</param>
/// <param name="BackSeconds">From the mending until it answered a request.</param>
/// <param name="Requests">That clients made meanwhile, to all servers.</param>
/// <param name="FailedRequests">Of these.</param>
/// <param name="Reason">What status said of it.</param>
/// <param name="Problem">What is not well; null: nothing.</param>
internal sealed record HealthFaultResult(
    string Fault, string Server, double OutSeconds, double Intervals, double BackSeconds, int Requests, int FailedRequests, string? Reason, string? Problem);

/// <param name="Server">Which.</param>
/// <param name="ClientFrames">That came to it: there must be none.</param>
/// <param name="ProbeFrames">That came to it: without any, the capture would prove nothing.</param>
internal sealed record NeverHealthyResult(string Server, long ClientFrames, long ProbeFrames);
