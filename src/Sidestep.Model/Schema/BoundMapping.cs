using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>A mapping whose values have been read. What was absent or refused is not there.</summary>
internal sealed class BoundMapping(Node node, string path)
{
    // A mapping has a handful of keys, and there may be 100,000 mappings.
    private (Key Key, object Located)[] _values = [];

    public Node Node { get; } = node;

    public string Path { get; } = path;

    /// <summary>What was read of it.</summary>
    public void Set(ReadOnlySpan<(Key Key, object Located)> values) => _values = values.ToArray();

    /// <summary>The value with its place, or null when it is absent or was refused.</summary>
    public Located<T>? Find<T>(Key<T> key)
    {
        foreach (var (other, located) in _values)
        {
            if (ReferenceEquals(other, key))
                return (Located<T>)located;
        }
        return null;
    }

    /// <summary>The value, or the default of the key; a mandatory key is there once the document has no error.</summary>
    public T Value<T>(Key<T> key) => Find(key) is { } located ? located.Value : key.Default;

    /// <summary>The same mapping with other items of a list.</summary>
    public BoundMapping With(Key<IReadOnlyList<BoundMapping>> key, IReadOnlyList<BoundMapping> items)
    {
        return new BoundMapping(Node, Path)
        {
            _values = Array.ConvertAll(_values, v => v.Key == key
                ? (v.Key, ((Located<IReadOnlyList<BoundMapping>>)v.Located) with { Value = items }) : v),
        };
    }

    /// <summary>The items of a list, none when it is absent or was refused.</summary>
    public IEnumerable<BoundMapping> Items(Key<IReadOnlyList<BoundMapping>> key) => Find(key)?.Value ?? [];
}
