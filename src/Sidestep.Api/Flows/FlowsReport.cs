using System.Collections.Immutable;
using System.Net;
using Sidestep.Api.Status;

namespace Sidestep.Api.Flows;

/// <summary>The tracked flows of a director: the output of <c>sidestep flows --json</c>. docs/flows.schema.json is its
/// JSON Schema.</summary>
public sealed record FlowsReport
{
    /// <summary>Every selected flow; null: only their counts were requested. There may be millions, so programs write
    /// and read them one by one, and not through this property.</summary>
    public ImmutableArray<FlowRecord>? List { get; init; }

    /// <summary>Name of the director, from its configuration.</summary>
    public required string Director { get; init; }

    /// <summary>Who answered.</summary>
    public required StatusSource Source { get; init; }

    /// <summary>Number of selected flows.</summary>
    public required long Flows { get; init; }

    /// <summary>Number of flows that the flow table is sized for.</summary>
    public required int Capacity { get; init; }

    /// <summary>The selected servers, by pool and name, with and without flows.</summary>
    public required ImmutableArray<ServerFlows> Servers { get; init; }
}

/// <summary>The tracked flows of one real server.</summary>
/// <param name="Name">Name of the server.</param>
/// <param name="Pool">Its pool.</param>
/// <param name="Encap">The encapsulation to it.</param>
/// <param name="Address">Its address.</param>
/// <param name="Flows">Number of its flows.</param>
/// <param name="OldestSeconds">Age of the oldest flow.</param>
/// <param name="LongestIdleSeconds">Time since the last packet of the flow that has been idle longest.</param>
public sealed record ServerFlows(string Name, string Pool, string Encap, IPAddress Address, long Flows,
    double OldestSeconds, double LongestIdleSeconds);

/// <summary>A line of the response to a <see cref="FlowsRequest"/>: one of the three.</summary>
public sealed record FlowsLine
{
    /// <summary>A selected flow.</summary>
    public FlowRecord? Flow { get; init; }

    /// <summary>The counts: the last line.</summary>
    public FlowsReport? Report { get; init; }

    /// <summary>Why the response ends without counts: the last line.</summary>
    public ApiProblem? Problem { get; init; }
}
