using System.Text.Json.Nodes;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>One key of a mapping: the only description of it, from which reading, suggestions and JSON Schema follow.</summary>
internal abstract class Key(string name, bool required, string description)
{
    public string Name { get; } = name;

    public bool Required { get; } = required;

    /// <summary>Reads the value; null when it was refused and reported.</summary>
    public abstract object? Bind(Node node, string path, IssueList issues);

    public JsonObject ToJsonSchema()
    {
        var schema = new JsonObject { ["description"] = description };
        foreach (var (keyword, value) in KindSchema())
        {
            // The key's own description says more than that of its kind.
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

    /// <summary>A key whose absence means something that no value says.</summary>
    public static Key<T> Optional(string name, Kind<T> kind, string description) =>
        new(name, kind, false, false, default, description);

    /// <summary>What an absent key means.</summary>
    public T Default => _hasDefault ? _default! : throw new InvalidOperationException($"{Name} has no default.");

    public override object? Bind(Node node, string path, IssueList issues) =>
        _kind.TryBind(node, path, issues, out var value) ? new Located<T>(value, node, path) : null;

    protected override JsonObject KindSchema() => _kind.ToJsonSchema();

    protected override JsonNode? DefaultJson() => _hasDefault ? _kind.ToJson(_default!) : null;
}

/// <summary>A value that knows where it was written.</summary>
internal sealed record Located<T>(T Value, Node Node, string Path);
