using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Api;

/// <summary>The state of a running director, without its tables.</summary>
public sealed record DirectorState
{
    /// <summary>Name of the director, from its configuration.</summary>
    public required string Director { get; init; }

    /// <summary>Version of the director's daemon, such as <c>1.2.0</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Real servers that have agents, or should have.</summary>
    public ImmutableArray<AgentState> Agents { get; init; } = [];

    /// <summary>Other hosts that answer for its VIPs.</summary>
    public ImmutableArray<VipConflict> Conflicts { get; init; } = [];
}

/// <summary>The state of a server's agent.</summary>
/// <param name="Server">The server's name.</param>
/// <param name="LastReport">When it last reported, by the director's clock; null: not since the director
/// started.</param>
/// <param name="IsHealthy">True if the last report found the server healthy.</param>
/// <param name="AdminState">The state that the server's operator has requested, one of
/// <see cref="AdminStates"/>.</param>
/// <param name="Wrong">Conditions that are not met, one line each.</param>
public sealed record AgentState(string Server, DateTimeOffset? LastReport, bool IsHealthy, string AdminState,
    ImmutableArray<string> Wrong);

/// <summary>Another host answers for a VIP of this director (RFC 5227).</summary>
/// <param name="Vip">The VIP.</param>
/// <param name="Mac">MAC address in the reply.</param>
/// <param name="Device">The director's device that received the reply.</param>
/// <param name="Host">Name of the real server, or address of another director; null: an unknown host.</param>
/// <param name="Kind"><c>server</c>, <c>director</c> or <c>unknown-host</c>.</param>
/// <param name="First">When the first reply arrived, by the director's clock.</param>
/// <param name="Last">When the last reply arrived.</param>
/// <param name="Times">Number of replies.</param>
public sealed record VipConflict(IPAddress Vip, string Mac, string Device, string? Host, string Kind,
    DateTimeOffset First, DateTimeOffset Last, long Times);
