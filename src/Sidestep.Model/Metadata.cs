using System.Collections.Immutable;

namespace Sidestep.Model;

/// <summary>What operators note about an object. The director does not act on it.</summary>
/// <param name="Labels">Keys and values that lists are filtered by, ordered by key.</param>
/// <param name="Annotations">Keys and free text, ordered by key.</param>
public sealed record Metadata(ImmutableSortedDictionary<string, string> Labels,
    ImmutableSortedDictionary<string, string> Annotations)
{
    /// <summary>The order of keys: by code unit, whatever the language of the machine.</summary>
    public static ImmutableSortedDictionary<string, string> NoTexts { get; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Neither labels nor annotations.</summary>
    public static Metadata None { get; } = new(NoTexts, NoTexts);
}
