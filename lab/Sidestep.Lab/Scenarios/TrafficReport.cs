using System.Text.Encodings.Web;
using System.Text.Json;
using Sidestep.Lab.Views;

namespace Sidestep.Lab.Scenarios;

/// <summary>The one JSON object that `lab run --json` prints.</summary>
internal sealed record TrafficReport : IRunReport
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // It goes to a terminal or a file, not into a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Topology { get; init; }

    public bool Ok => Problems.Count == 0;

    public required int RequestsOk { get; init; }

    public required int RequestsFailed { get; init; }

    /// <summary>Answered well, but by another server than the one that the client belongs to.</summary>
    public required int RequestsAtUnexpectedServer { get; init; }

    public required int UploadsOk { get; init; }

    public required int UploadsFailed { get; init; }

    public required int UdpOk { get; init; }

    public required int UdpFailed { get; init; }

    /// <summary>How many client addresses the requests came from.</summary>
    public required int ClientAddresses { get; init; }

    /// <summary>Answers by the server that the reply's header names.</summary>
    public required IReadOnlyDictionary<string, int> PerServer { get; init; }

    /// <summary>Of these, the ones over IPv6.</summary>
    public required IReadOnlyDictionary<string, int> PerServerOverIpv6 { get; init; }

    /// <summary>Replies at the director's port: there must be none.</summary>
    public required long FramesWithVipSourceAtDirector { get; init; }

    public required long FramesToVipAtDirector { get; init; }

    /// <summary>Frames that left the director for a server: as many as came in for the VIP.</summary>
    public required long FramesForwardedByDirector { get; init; }

    public required long EncapsulatedFramesFromDirector { get; init; }

    /// <summary>All that the clients sent to the VIP, as it came in at the director.</summary>
    public required long BytesThroughDirector { get; init; }

    public required long FramesWithVipSourceAtClient { get; init; }

    /// <summary>All that came from the VIP to the clients.</summary>
    public required long BytesToClient { get; init; }

    /// <summary>What Sidestep itself counted for the VIP.</summary>
    public required long FramesCountedBySidestep { get; init; }

    public required string Engine { get; init; }

    public required string Driver { get; init; }

    public required IReadOnlyList<StepReport> Events { get; init; }

    public required double Seconds { get; init; }

    /// <summary>All that is not well, in words, with what to look at.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    public void Write() => TrafficView.Write(this);

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <param name="AtRequest">How many requests were finished when it was done.</param>
/// <param name="RequestsAfter">How many were finished between that and the judgement.</param>
internal sealed record StepReport(string Step, int AtRequest, int RequestsAfter, bool Ok, string? Problem);
