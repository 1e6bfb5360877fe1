using System.Collections.Immutable;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>Writes values under their keys. A value that is null, or the default of its key, is not written: its
/// absence has the same meaning.</summary>
internal static class KeyWriting
{
    /// <summary>The entry of a single value.</summary>
    public static MappingEntry? Write<T>(this Key<T> key, T? value) =>
        value is null || (key.HasDefault && EqualityComparer<T>.Default.Equals(value, key.Default))
            ? null : Entry(key, ((ScalarKind<T>)key.Kind).ToNode(value));

    /// <summary>The entry of a single value that may be absent.</summary>
    public static MappingEntry? WriteOptional<T>(this Key<T> key, T? value)
        where T : struct => value is { } present ? key.Write(present) : null;

    /// <summary>The entry of a list of single values. An empty list is written if its absence means something
    /// else.</summary>
    public static MappingEntry? WriteValues<T>(this Key<IReadOnlyList<Located<T>>> key, ImmutableArray<T>? values)
    {
        if (values is not { } present || (present.IsDefaultOrEmpty && key.HasDefault))
            return null;
        return Entry(key, ((ValueListKind<T>)key.Kind).ToNode(present.IsDefault ? [] : present));
    }

    /// <summary>The entry of a list of mappings.</summary>
    public static MappingEntry? WriteItems<T>(this Key<IReadOnlyList<BoundMapping>> key, ImmutableArray<T> items,
        Func<T, MappingNode> write)
    {
        if (items.IsDefaultOrEmpty)
            return key.HasDefault ? null : Entry(key, new ListNode(default, []));
        return Entry(key, new ListNode(default, [.. items.Select(write)]));
    }

    /// <summary>The entry of a mapping to texts.</summary>
    public static MappingEntry? WriteTexts(this Key<ImmutableSortedDictionary<string, string>> key,
        ImmutableSortedDictionary<string, string> texts) =>
        texts.IsEmpty ? null : Entry(key, TextMapKind.ToNode(texts));

    /// <summary>The entry of a mapping; null if there is none.</summary>
    public static MappingEntry? WriteMapping(this Key<BoundMapping> key, MappingNode? mapping) =>
        mapping is null ? null : Entry(key, mapping);

    /// <summary>The entry of a mapping in which every key has a default.</summary>
    public static MappingEntry? WriteUnlessEmpty(this Key<BoundMapping> key, MappingNode mapping) =>
        mapping.Entries.IsEmpty ? null : Entry(key, mapping);

    private static MappingEntry Entry(Key key, Node value) => new(new ScalarNode(default, key.Name, false), value);
}
