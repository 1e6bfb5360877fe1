using System.Text.Json;
using Sidestep.Lab.Views;

namespace Sidestep.Lab.Scenarios;

/// <summary>The JSON object that `lab run --json` prints for a topology that breaks and repairs servers.</summary>
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

    /// <summary>Time from the verdict that a server is unhealthy to tables without it, as the daemon measured
    /// it.</summary>
    public required JsonElement Removal { get; init; }

    /// <summary>Delay of the start of probes.</summary>
    public required JsonElement Late { get; init; }

    public required double Seconds { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, TrafficReport.Json);

    public void Write() => HealthView.Write(this);
}

/// <param name="Fault">The part that was broken.</param>
/// <param name="Server">The affected server.</param>
/// <param name="OutSeconds">Seconds from the fault to the last frame of a client at the server.</param>
/// <param name="Intervals">The same, in intervals of the monitor.</param>
/// <param name="BackSeconds">Seconds from the repair to the server's first response.</param>
/// <param name="Requests">Requests of all clients meanwhile, to all servers.</param>
/// <param name="FailedRequests">Failed requests among these.</param>
/// <param name="Reason">The reason that `sidestep status` showed.</param>
/// <param name="Problem">A description of the problem; null: none.</param>
internal sealed record HealthFaultResult(
    string Fault, string Server, double OutSeconds, double Intervals, double BackSeconds, int Requests,
        int FailedRequests, string? Reason, string? Problem);

/// <param name="Server">Name of the server.</param>
/// <param name="ClientFrames">Frames of clients at this server: must be 0.</param>
/// <param name="ProbeFrames">Probes at this server: with 0 the capture would prove nothing.</param>
internal sealed record NeverHealthyResult(string Server, long ClientFrames, long ProbeFrames);
