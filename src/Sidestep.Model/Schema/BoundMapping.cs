using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>A mapping whose values have been read. What was absent or refused is not there.</summary>
internal sealed class BoundMapping(Node node, string path)
{
    private readonly Dictionary<Key, object> _values = [];

    public Node Node { get; } = node;

    public string Path { get; } = path;

    public void Add(Key key, object located) => _values.Add(key, located);

    /// <summary>The value with its place, or null when it is absent or was refused.</summary>
    public Located<T>? Find<T>(Key<T> key) => _values.TryGetValue(key, out var located) ? (Located<T>)located : null;

    /// <summary>The value, or the default of the key; a mandatory key is there once the document has no error.</summary>
    public T Value<T>(Key<T> key) => Find(key) is { } located ? located.Value : key.Default;

    /// <summary>The same mapping with other items of a list.</summary>
    public BoundMapping With(Key<IReadOnlyList<BoundMapping>> key, IReadOnlyList<BoundMapping> items)
    {
        var copy = new BoundMapping(Node, Path);
        foreach (var (other, located) in _values)
            copy._values.Add(other, other == key ? ((Located<IReadOnlyList<BoundMapping>>)located) with { Value = items } : located);
        return copy;
    }

    /// <summary>The items of a list, none when it is absent or was refused.</summary>
    public IEnumerable<BoundMapping> Items(Key<IReadOnlyList<BoundMapping>> key) => Find(key)?.Value ?? [];
}
