using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>A mapping with known keys. <paramref name="what"/> names it with an article, such as "a pool".</summary>
internal sealed class MappingKind(string what, string description, params Key[] keys) : Kind<BoundMapping>
{
    /// <summary>Pairs of keys of which one is there.</summary>
    public ImmutableArray<OneOf> OneOf { get; init; } = [];

    /// <summary>Keys of earlier versions, and why they are no more.</summary>
    public ImmutableArray<(string Key, Problem Problem)> Former { get; init; } = [];

    public override bool TryBind(
        Node node, string path, IssueList issues, [MaybeNullWhen(false)] out BoundMapping value)
    {
        value = null;
        if (node is not MappingNode mapping)
        {
            RefuseForm(node, path, $"{what} as a mapping with the keys {KeyList(keys)}", issues);
            return false;
        }
        value = new BoundMapping(mapping, path);
        var present = mapping.Entries.Select(e => e.Key.Text).ToHashSet(StringComparer.Ordinal);
        var absent = Array.FindAll(keys, k => !present.Contains(k.Name));
        var accountedFor = new HashSet<Key>();
        foreach (var entry in mapping.Entries)
        {
            string keyPath = Paths.Key(path, entry.Key.Text);
            var key = Array.Find(keys, k => k.Name == entry.Key.Text);
            if (key is null)
            {
                // A misspelled key is not reported as missing too.
                if (RefuseKey(entry, keyPath, absent, issues) is { } meant)
                    accountedFor.Add(meant);
                continue;
            }
            accountedFor.Add(key);
            if (key.Bind(entry.Value, keyPath, issues) is { } located)
                value.Add(key, located);
        }
        foreach (var key in keys)
        {
            if (key.Required && !accountedFor.Contains(key))
                issues.Error(Paths.Key(path, key.Name), mapping.Position, null,
                    $"{what} must have the key {key.Name}", "Add it to this mapping");
        }
        foreach (var pair in OneOf)
            pair.Check(what, value, mapping, accountedFor.Contains, issues);
        return true;
    }

    public override JsonObject ToJsonSchema()
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var key in keys)
        {
            properties[key.Name] = key.ToJsonSchema();
            if (key.Required)
                required.Add(JsonValue.Create(key.Name));
        }
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["description"] = description,
            ["properties"] = properties,
        };
        if (required.Count > 0)
            schema["required"] = required;
        schema["additionalProperties"] = false;
        if (!OneOf.IsEmpty)
            schema["allOf"] = new JsonArray([.. OneOf.Select(o => o.ToJsonSchema())]);
        return schema;
    }

    public override JsonNode? ToJson(BoundMapping value) => throw new NotSupportedException("No mapping is a default.");

    /// <summary>Reports a key that does not belong here; returns which of the absent ones was probably meant.</summary>
    private Key? RefuseKey(Entry entry, string path, Key[] absent, IssueList issues)
    {
        string text = entry.Key.Text;
        string? value = IssueList.ValueOf(entry.Value);
        if ((Former.FirstOrDefault(f => f.Key == text).Problem ?? Refusals.ForKey(text)) is { } refusal)
        {
            issues.Error(path, entry.Key.Position, value, refusal.Reason, refusal.Cure!);
            return null;
        }
        // Whatever stands here was reported while the document was parsed.
        if (entry.Value is RefusedNode)
            return null;
        string? nearest = Nearest.To(text, absent.Select(k => k.Name));
        issues.Error(path, entry.Key.Position, value, $"{what} has no such key",
            nearest is null ? $"Its keys are {KeyList(keys)}" : $"Did you mean {nearest}?");
        return Array.Find(absent, k => k.Name == nearest);
    }

    private static string KeyList(Key[] keys) => string.Join(", ", keys.Select(k => k.Name));
}
