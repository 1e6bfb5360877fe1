using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Api;

/// <summary>What a running director knows beside its tables.</summary>
public sealed record DirectorState
{
    /// <summary>Its name.</summary>
    public required string Director { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Real servers that should have agents, or have.</summary>
    public ImmutableArray<AgentState> Agents { get; init; } = [];

    /// <summary>Who else answers for its VIPs; empty: nobody.</summary>
    public ImmutableArray<VipConflict> Conflicts { get; init; } = [];
}

/// <summary>What is known of a server's agent.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="LastReport">When it last reported, by the director's clock; null: never since the director started.</param>
/// <param name="IsHealthy">Whether the report found it fit.</param>
/// <param name="AdminState">What its operator wishes, <see cref="AdminStates"/>.</param>
/// <param name="Wrong">Conditions that are not met, one line each.</param>
public sealed record AgentState(string Server, DateTimeOffset? LastReport, bool IsHealthy, string AdminState, ImmutableArray<string> Wrong);

/// <summary>Somebody answers for a VIP that is this director's.</summary>
/// <param name="Vip">The VIP.</param>
/// <param name="Mac">Ethernet address in the answer.</param>
/// <param name="Device">On which of the director's devices.</param>
/// <param name="Host">Name of the real server, or of another director (its address); null: a stranger.</param>
/// <param name="Kind"><c>server</c>, <c>director</c> or <c>stranger</c>.</param>
/// <param name="First">When it was first heard, by the director's clock.</param>
/// <param name="Last">When it was last heard.</param>
/// <param name="Times">How often.</param>
public sealed record VipConflict(IPAddress Vip, string Mac, string Device, string? Host, string Kind, DateTimeOffset First, DateTimeOffset Last, long Times);
