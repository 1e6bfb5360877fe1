using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>A mapping with known keys. <paramref name="what"/> names it with an article, such as "a pool".</summary>
internal sealed class MappingKind(string what, string description, params Key[] keys) : Kind<BoundMapping>
{
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
        var accountedFor = new HashSet<Key>();
        foreach (var entry in mapping.Entries)
        {
            string keyPath = Paths.Key(path, entry.Key.Text);
            var key = Array.Find(keys, k => k.Name == entry.Key.Text);
            if (key is null)
            {
                // A misspelled key is not reported as missing too.
                if (RefuseKey(entry, keyPath, mapping, issues) is { } meant)
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
        return schema;
    }

    public override JsonNode? ToJson(BoundMapping value) => throw new NotSupportedException("No mapping is a default.");

    /// <summary>Reports a key that does not belong here; returns the key that was probably meant.</summary>
    private Key? RefuseKey(Entry entry, string path, MappingNode mapping, IssueList issues)
    {
        string text = entry.Key.Text;
        string? value = IssueList.ValueOf(entry.Value);
        if (Refusals.ForKey(text) is { } refusal)
        {
            issues.Error(path, entry.Key.Position, value, refusal.Reason, refusal.Cure!);
            return null;
        }
        // Whatever stands here was reported while the document was parsed.
        if (entry.Value is RefusedNode)
            return null;
        var candidates = keys.Where(k => mapping.Entries.All(e => e.Key.Text != k.Name));
        string? nearest = Nearest.To(text, candidates.Select(k => k.Name));
        issues.Error(path, entry.Key.Position, value, $"{what} has no such key",
            nearest is null ? $"Its keys are {KeyList(keys)}" : $"Did you mean {nearest}?");
        return nearest is null ? null : Array.Find(keys, k => k.Name == nearest);
    }

    private static string KeyList(Key[] keys) => string.Join(", ", keys.Select(k => k.Name));
}
