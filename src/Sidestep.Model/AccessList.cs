using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>Source addresses that may use a service, and those that may not (ACE-03).</summary>
/// <remarks>Of the prefixes that hold an address, the longest decides, whatever the order. An address that none holds may
/// pass when the list only denies, and may not when it allows anything.</remarks>
public sealed record AccessList
{
    /// <summary>Unique among the lists.</summary>
    public required string Name { get; init; }

    /// <summary>Prefixes of either family that may.</summary>
    public ImmutableArray<IPNetwork> Allow { get; init; } = [];

    /// <summary>Prefixes that may not; none is also in <see cref="Allow"/>.</summary>
    public ImmutableArray<IPNetwork> Deny { get; init; } = [];
}
