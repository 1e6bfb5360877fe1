using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A mapping with known keys. <paramref name="what"/> names it with an article, such as "a pool".</summary>
internal sealed class MappingKind(string what, string description, params Key[] keys) : Kind<BoundMapping>
{
    /// <summary>Pairs of keys of which a mapping has one.</summary>
    public ImmutableArray<AlternativeKeys> AlternativeKeys { get; init; } = [];

    public override bool TryBind(
        Node node, DocumentPath path, IssueList issues, [MaybeNullWhen(false)] out BoundMapping value)
    {
        value = null;
        if (node is not MappingNode mapping)
        {
            RejectForm(node, path, $"{what} as a mapping with the keys {KeyList(keys)}", issues);
            return false;
        }
        value = new BoundMapping(mapping, path);
        Span<bool> isPresent = stackalloc bool[keys.Length];
        isPresent.Clear();
        foreach (var entry in mapping.Entries)
        {
            if (NumberOf(entry.Key.Text) is >= 0 and var number)
                isPresent[number] = true;
        }
        // A misspelled key is not reported as missing, too.
        Span<bool> isThere = stackalloc bool[keys.Length];
        isPresent.CopyTo(isThere);
        var values = ArrayPool<(Key, object)>.Shared.Rent(keys.Length);
        int read = 0;
        foreach (var entry in mapping.Entries)
        {
            int number = NumberOf(entry.Key.Text);
            if (number >= 0 && keys[number].Bind(entry.Value, path, issues) is { } located)
                values[read++] = (keys[number], located);
            else if (number < 0 && RejectKey(entry, DocumentPath.Key(path, entry.Key.Text), isPresent, issues)
                is { } meant)
                isThere[NumberOf(meant.Name)] = true;
        }
        value.Set(values.AsSpan(0, read));
        ArrayPool<(Key, object)>.Shared.Return(values, clearArray: true);
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i].Required && !isThere[i])
                issues.Error(DocumentPath.Key(path, keys[i].Name), mapping.Position, null,
                    $"{what} must have the key {keys[i].Name}", "Add it to this mapping");
        }
        foreach (var pair in AlternativeKeys)
            pair.Check(what, value, mapping, isThere[Array.IndexOf(keys, pair.Short)],
                isThere[Array.IndexOf(keys, pair.Long)], issues);
        return true;
    }

    private int NumberOf(string name)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i].Name == name)
                return i;
        }
        return -1;
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
        if (!AlternativeKeys.IsEmpty)
            schema["allOf"] = new JsonArray([.. AlternativeKeys.Select(o => o.ToJsonSchema())]);
        return schema;
    }

    public override JsonNode? ToJson(BoundMapping value) => throw new NotSupportedException("No mapping is a default.");

    /// <summary>Reports an unknown key; returns the absent key that it is probably a misspelling of, or null.</summary>
    private Key? RejectKey(MappingEntry entry, DocumentPath path, ReadOnlySpan<bool> isPresent, IssueList issues)
    {
        string text = entry.Key.Text;
        string? value = IssueList.ValueOf(entry.Value);
        if (UnsupportedFeatures.ForKey(text) is { } problem)
        {
            issues.Error(path, entry.Key.Position, value, problem.Reason, problem.Remedy!);
            return null;
        }
        // This value was reported while the document was parsed.
        if (entry.Value is ErrorNode)
            return null;
        var absent = new List<Key>();
        for (int i = 0; i < keys.Length; i++)
        {
            if (!isPresent[i])
                absent.Add(keys[i]);
        }
        string? nearest = SpellingSuggestion.For(text, absent.Select(k => k.Name));
        issues.Error(path, entry.Key.Position, value, $"{what} has no such key",
            nearest is null ? $"Its keys are {KeyList(keys)}" : $"Did you mean {nearest}?");
        return absent.Find(k => k.Name == nearest);
    }

    private static string KeyList(Key[] keys) => string.Join(", ", keys.Select(k => k.Name));
}
