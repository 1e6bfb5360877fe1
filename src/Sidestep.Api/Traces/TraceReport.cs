using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Api.Traces;

/// <summary>Requests a trace: what would happen to a frame.</summary>
/// <param name="Frame">The frame from the Ethernet header on; in JSON as base64.</param>
/// <param name="IsSynthetic">True: the frame has no Ethernet destination yet, and the daemon addresses it to the
/// director.</param>
public sealed record TraceRequest(ReadOnlyMemory<byte> Frame, bool IsSynthetic);

/// <summary>What would happen to a frame, and why: the output of <c>sidestep trace --json</c>.
/// docs/trace.schema.json is its JSON Schema.</summary>
public sealed record TraceReport
{
    /// <summary>The state that decided.</summary>
    public required TraceSource Source { get; init; }

    /// <summary>The frame for people, in one line.</summary>
    public required string Packet { get; init; }

    /// <summary>The decision, such as <c>forward</c>.</summary>
    public required string Decision { get; init; }

    /// <summary>The drop reason, such as <c>no-service</c>; null unless it would be dropped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Reason { get; init; }

    /// <summary>The six stages, in order.</summary>
    public required ImmutableArray<TraceStage> Stages { get; init; }

    /// <summary>The traced frame from the Ethernet header on, in hexadecimal.</summary>
    public required string In { get; init; }

    /// <summary>The frame that would be sent, in hexadecimal; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Out { get; init; }
}

/// <summary>A stage of the pipeline in a trace.</summary>
/// <param name="Stage">Parse, Classify, Select, Encapsulate, Transmit or Account.</param>
/// <param name="Text">What happened, for people; empty: the packet did not reach the stage.</param>
public sealed record TraceStage(string Stage, string Text)
{
    /// <summary>What happened, for programs: further properties of the JSON object. Each stage has its own, and their
    /// values are strings, numbers, Booleans or null.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement> Fields { get; } = [];
}

/// <summary>The state that decides about a traced packet.</summary>
public enum TraceSource
{
    /// <summary>The tables and flows of the running daemon.</summary>
    Daemon,

    /// <summary>The configuration file, with the tables and flows that the XDP engine pinned: no daemon
    /// answers.</summary>
    PinnedTables,

    /// <summary>The configuration file alone.</summary>
    ConfigurationFile,
}
