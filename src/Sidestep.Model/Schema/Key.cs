using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The only description of one key of a mapping. The reader, the spelling suggestions and the JSON Schema
/// follow from it.</summary>
internal abstract class Key(string name, bool required, string description)
{
    public string Name { get; } = name;

    public bool Required { get; } = required;

    /// <summary>Reads the value; null if it was rejected and reported.</summary>
    /// <param name="node">The node of the value.</param>
    /// <param name="mapping">Path of the mapping that contains the key.</param>
    /// <param name="issues">Receives the errors.</param>
    public abstract object? Bind(Node node, DocumentPath mapping, IssueList issues);

    public JsonObject ToJsonSchema()
    {
        var schema = new JsonObject { ["description"] = description };
        foreach (var (keyword, value) in KindSchema())
        {
            // The description of the key is more specific than that of its kind.
            if (keyword != "description")
                schema[keyword] = value?.DeepClone();
        }
        if (DefaultJson() is { } @default)
            schema["default"] = @default;
        return schema;
    }

    protected abstract JsonObject KindSchema();

    protected abstract JsonNode? DefaultJson();
}

/// <inheritdoc cref="Key"/>
internal sealed class Key<T> : Key
{
    private readonly Kind<T> _kind;
    private readonly bool _hasDefault;
    private readonly T? _default;

    private Key(string name, Kind<T> kind, bool required, bool hasDefault, T? @default, string description)
        : base(name, required, description)
    {
        _kind = kind;
        _hasDefault = hasDefault;
        _default = @default;
    }

    public static Key<T> Mandatory(string name, Kind<T> kind, string description) =>
        new(name, kind, true, false, default, description);

    public static Key<T> WithDefault(string name, Kind<T> kind, T @default, string description) =>
        new(name, kind, false, true, @default, description);

    /// <summary>A key without a default: no written value means the same as leaving the key out.</summary>
    public static Key<T> Optional(string name, Kind<T> kind, string description) =>
        new(name, kind, false, false, default, description);

    /// <summary>The form of the value.</summary>
    public Kind<T> Kind => _kind;

    /// <summary>True if an absent key has the meaning of <see cref="Default"/>.</summary>
    public bool HasDefault => _hasDefault;

    /// <summary>The meaning of an absent key.</summary>
    public T Default => _hasDefault ? _default! : throw new InvalidOperationException($"{Name} has no default.");

    public override object? Bind(Node node, DocumentPath mapping, IssueList issues)
    {
        // Nearly all values are valid scalars, whose paths are never needed.
        if (_kind is ScalarKind<T> single && single.TryRead(node, out var right))
            return new Located<T>(right, node, mapping, Name);
        return _kind.TryBind(node, DocumentPath.Key(mapping, Name), issues, out var value)
            ? new Located<T>(value, node, mapping, Name) : null;
    }

    protected override JsonObject KindSchema() => _kind.ToJsonSchema();

    protected override JsonNode? DefaultJson() => _hasDefault ? _kind.ToJson(_default!) : null;
}

/// <summary>A value with its location in the document.</summary>
/// <param name="Value">The value.</param>
/// <param name="Node">The node of the value.</param>
/// <param name="Place">The path of the value, or of the mapping that contains it under <paramref name="Key"/>.</param>
/// <param name="Key">Null: <paramref name="Place"/> is the path of the value.</param>
internal sealed record Located<T>(T Value, Node Node, DocumentPath Place, string? Key = null)
{
    /// <summary>The path in the document. It is composed on demand, because most paths are never used.</summary>
    public DocumentPath Path => Key is null ? Place : DocumentPath.Key(Place, Key);

    /// <summary>The path of the mapping that contains the value; of an item of a list, its own.</summary>
    public DocumentPath Owner => Place;

    /// <summary>The location, for issues about other values.</summary>
    public SourceLocation Location => Node.Position.Of(Path);
}
