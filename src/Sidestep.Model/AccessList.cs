using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model;

/// <summary>The source addresses that may use a service, and those that may not (ACE-03).</summary>
/// <remarks>The longest prefix that contains a source address decides, whatever the order. An address in no prefix may
/// use the service if <see cref="Allow"/> is empty, and may not otherwise.</remarks>
public sealed record AccessList
{
    /// <summary>Name of the list, 1 to 63 characters; unique among the access lists.</summary>
    public required string Name { get; init; }

    /// <summary>Labels and annotations of the operator.</summary>
    public Metadata Metadata { get; init; } = Metadata.None;

    /// <summary>Prefixes of either family that may use the service.</summary>
    public ImmutableArray<IPNetwork> Allow { get; init; } = [];

    /// <summary>Prefixes of either family that may not use the service; none of them is also in
    /// <see cref="Allow"/>.</summary>
    public ImmutableArray<IPNetwork> Deny { get; init; } = [];
}
