using System.Text.Encodings.Web;
using System.Text.Json;
using Sidestep.Lab.Views;

namespace Sidestep.Lab.Scenarios;

/// <summary>The JSON object that `lab run --json` prints for HTTP traffic.</summary>
internal sealed record TrafficReport : IRunReport
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // The output is not part of a web page, so characters such as > need no escape.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Topology { get; init; }

    public bool Ok => Problems.Count == 0;

    public required int RequestsOk { get; init; }

    public required int RequestsFailed { get; init; }

    /// <summary>Successful requests that another server answered than the one that the client is assigned to.</summary>
    public required int RequestsAtUnexpectedServer { get; init; }

    public required int UploadsOk { get; init; }

    public required int UploadsFailed { get; init; }

    public required int UdpOk { get; init; }

    public required int UdpFailed { get; init; }

    /// <summary>Number of client addresses that sent requests.</summary>
    public required int ClientAddresses { get; init; }

    /// <summary>Responses by server, according to the response's header.</summary>
    public required IReadOnlyDictionary<string, int> PerServer { get; init; }

    /// <summary>Part of <see cref="PerServer"/>: responses over IPv6.</summary>
    public required IReadOnlyDictionary<string, int> PerServerOverIpv6 { get; init; }

    /// <summary>Replies at the director's port: there must be none.</summary>
    public required long FramesWithVipSourceAtDirector { get; init; }

    public required long FramesToVipAtDirector { get; init; }

    /// <summary>Frames that left the director for a server: as many as came in for the VIP.</summary>
    public required long FramesForwardedByDirector { get; init; }

    public required long EncapsulatedFramesFromDirector { get; init; }

    /// <summary>Bytes that arrived at the director for the VIP.</summary>
    public required long BytesThroughDirector { get; init; }

    public required long FramesWithVipSourceAtClient { get; init; }

    /// <summary>Bytes that arrived at the clients from the VIP.</summary>
    public required long BytesToClient { get; init; }

    /// <summary>Packets for the VIP, by Sidestep's own counters.</summary>
    public required long FramesCountedBySidestep { get; init; }

    public required string Engine { get; init; }

    public required string Driver { get; init; }

    public required IReadOnlyList<StepReport> Events { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Descriptions of all problems, each with a hint where to look.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    public void Write() => TrafficView.Write(this);

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <param name="AtRequest">Number of finished requests when the step was done.</param>
/// <param name="RequestsAfter">Number of requests that finished between the step and its evaluation.</param>
internal sealed record StepReport(string Step, int AtRequest, int RequestsAfter, bool Ok, string? Problem);
