using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Sidestep.Api.Plans;

namespace Sidestep.Api.ServerOverrides;

/// <summary>The state that an override gives to a real server.</summary>
public enum OverrideState
{
    /// <summary>The server keeps the flows that it has, and gets no new ones.</summary>
    Draining,

    /// <summary>The server gets no packets and no probes.</summary>
    Maintenance,
}

/// <summary>What an operator wants of a real server, whatever the configuration says.</summary>
/// <param name="State">Its state; null: that of the configuration.</param>
/// <param name="Weight">Its weight; null: that of the configuration.</param>
public sealed record OverrideRequest(OverrideState? State = null, int? Weight = null)
{
    /// <summary>Why; null: not said.</summary>
    public string? Reason { get; init; }
}

/// <summary>An override in force.</summary>
/// <param name="Pool">The pool of the server.</param>
/// <param name="Server">The name of the server.</param>
/// <param name="State">The state; null: that of the configuration.</param>
/// <param name="Weight">The weight; null: that of the configuration.</param>
/// <param name="Author">Who set it.</param>
/// <param name="Since">When it was set.</param>
public sealed record OverrideRecord(string Pool, string Server,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] OverrideState? State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? Weight, string Author, DateTimeOffset Since)
{
    /// <summary>Why; null: not said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Reason { get; init; }

    /// <summary>True: the pool has no such server, so that the override has no effect.</summary>
    public bool IsStale { get; init; }
}

/// <summary>All overrides, ordered by pool and server.</summary>
/// <param name="Items">The overrides.</param>
public sealed record OverrideList(ImmutableArray<OverrideRecord> Items);

/// <summary>What a change of an override has done, or would do.</summary>
/// <param name="Changed">True if it differs from the one before.</param>
public sealed record OverrideReport(bool Changed)
{
    /// <inheritdoc cref="Configurations.ChangeReport.InForce"/>
    public bool? InForce { get; init; }

    /// <summary>The override afterwards; null: there is none.</summary>
    public OverrideRecord? Override { get; init; }

    /// <inheritdoc cref="Configurations.ChangeReport.Plan"/>
    public PlanReport? Plan { get; init; }
}
