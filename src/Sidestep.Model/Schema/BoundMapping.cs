using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A mapping whose values have been read. It does not contain values that were absent or rejected.</summary>
internal sealed class BoundMapping(Node node, DocumentPath path)
{
    // A mapping has few keys, but there may be 100,000 mappings.
    private (Key Key, object Located)[] _values = [];

    public Node Node { get; } = node;

    public DocumentPath Path { get; } = path;

    /// <summary>The location, for issues about other values.</summary>
    public SourceLocation Location => Node.Position.Of(Path);

    /// <summary>Sets the values that were read.</summary>
    public void Set(ReadOnlySpan<(Key Key, object Located)> values) => _values = values.ToArray();

    /// <summary>The value with its location; null if it was absent or rejected.</summary>
    public Located<T>? Find<T>(Key<T> key)
    {
        foreach (var (other, located) in _values)
        {
            if (ReferenceEquals(other, key))
                return (Located<T>)located;
        }
        return null;
    }

    /// <summary>The value, or the default of the key. A mandatory key always has a value if the document has no
    /// errors.</summary>
    public T Value<T>(Key<T> key) => Find(key) is { } located ? located.Value : key.Default;

    /// <summary>Returns a copy of this mapping with other items of a list.</summary>
    public BoundMapping With(Key<IReadOnlyList<BoundMapping>> key, IReadOnlyList<BoundMapping> items)
    {
        return new BoundMapping(Node, Path)
        {
            _values = Array.ConvertAll(_values, v => v.Key == key
                ? (v.Key, ((Located<IReadOnlyList<BoundMapping>>)v.Located) with { Value = items }) : v),
        };
    }

    /// <summary>The items of a list; none if the list was absent or rejected.</summary>
    public IEnumerable<BoundMapping> Items(Key<IReadOnlyList<BoundMapping>> key) => Find(key)?.Value ?? [];
}
