using System.Collections.Immutable;
using Sidestep.Forwarding;

namespace Sidestep.Control.Stores;

/// <summary>What operators changed while the director runs, beside the configuration.</summary>
public sealed record OperationalState
{
    /// <summary>The format of the file; a file of another format is not read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The format that the state was written in.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Servers that drain beside those of the configuration, ordered by server.</summary>
    public ImmutableArray<StoredDrain> Drains { get; init; } = [];
}

/// <summary>A drain that an operator requested while the director runs.</summary>
/// <param name="Server">The server: its <see cref="Model.RealServerKey"/> as text.</param>
/// <param name="SetBy">Who requested it.</param>
/// <param name="Since">When.</param>
public sealed record StoredDrain(string Server, DrainSource SetBy, DateTimeOffset Since);
