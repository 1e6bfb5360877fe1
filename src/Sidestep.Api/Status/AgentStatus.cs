using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Sidestep.Api.Status;

/// <summary>The agent of a real server, as the director knows it.</summary>
public sealed record AgentStatus
{
    /// <summary>The server's name in the configuration.</summary>
    public required string Server { get; init; }

    /// <summary>True if the agent reports regularly; false: it never reported, or it has become silent.</summary>
    public bool Connected { get; init; }

    /// <summary>When it last reported, by the director's clock; null: not since the daemon started.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? LastReport { get; init; }

    /// <summary>Version of the agent; null: not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Version { get; init; }

    /// <summary>True if the last report found the server healthy.</summary>
    public bool Healthy { get; init; }

    /// <summary>The state that the server's operator has requested, one of <see cref="AdminStates"/>.</summary>
    public string AdminState { get; init; } = AdminStates.Enabled;

    /// <summary>The conditions of the last report that are wrong or worth a note.</summary>
    public ImmutableArray<Condition> Conditions { get; init; } = [];
}
