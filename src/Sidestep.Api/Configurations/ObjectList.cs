using System.Collections.Immutable;
using System.Text.Json;

namespace Sidestep.Api.Configurations;

/// <summary>A page of the objects of one kind.</summary>
/// <param name="Items">The objects as in the configuration, ordered by name.</param>
public sealed record ObjectList(ImmutableArray<JsonElement> Items)
{
    /// <summary>The value of the parameter <c>after</c> for the next page; null: this is the last one.</summary>
    public string? Next { get; init; }
}
