using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Api.Status;

/// <summary>A director, in a list of directors.</summary>
/// <param name="Name">Its name, from its configuration.</param>
/// <param name="Engine">The engine that forwards.</param>
/// <param name="IsForwarding">True if at least one interface is attached.</param>
public sealed record DirectorRecord(string Name, EngineKind Engine, bool IsForwarding)
{
    /// <summary>Version of its daemon; null: not known.</summary>
    public string? Version { get; init; }

    /// <summary>When its daemon started; null: not known.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>Number of its errors and of the functions that do not work as configured.</summary>
    public int Problems { get; init; }

    /// <summary>The record of a status.</summary>
    public static DirectorRecord Of(DirectorStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return new DirectorRecord(status.Director, status.Engine, status.IsAttached)
        {
            Version = status.Daemon.Version,
            Started = status.Daemon.Started,
            Problems = status.Daemon.Errors.Length + status.Daemon.Degraded.Length,
        };
    }
}

/// <summary>The directors of a group; today, the one that answers.</summary>
/// <param name="Items">The directors, ordered by name.</param>
public sealed record DirectorList(ImmutableArray<DirectorRecord> Items);

/// <summary>The agents of the real servers.</summary>
/// <param name="Items">One entry per server name, in the order of the configuration.</param>
public sealed record AgentList(ImmutableArray<AgentStatus> Items);
