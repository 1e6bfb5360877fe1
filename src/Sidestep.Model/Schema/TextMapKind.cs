using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A mapping whose keys the operator chooses, to texts. Its value does not contain entries that were
/// rejected.</summary>
/// <param name="what">The entries in the plural, such as "labels".</param>
/// <param name="maximum">Greatest number of entries; further entries are not read.</param>
/// <param name="key">The kind of each key.</param>
/// <param name="text">The kind of each value.</param>
internal sealed class TextMapKind(string what, int maximum, TextKind key, TextKind text)
    : Kind<ImmutableSortedDictionary<string, string>>
{
    public override bool TryBind(Node node, DocumentPath path, IssueList issues,
        [MaybeNullWhen(false)] out ImmutableSortedDictionary<string, string> value)
    {
        value = null;
        if (node is not MappingNode mapping)
        {
            RejectForm(node, path, $"a mapping of {what}: keys with a text each", issues);
            return false;
        }
        if (mapping.Entries.Length > maximum)
            issues.Error(path, mapping.Entries[maximum].Key.Position, null,
                $"there are {mapping.Entries.Length} {what}; at most {maximum} are possible",
                "Remove those from here on");
        var texts = Metadata.NoTexts.ToBuilder();
        foreach (var entry in mapping.Entries.AsSpan()[..Math.Min(mapping.Entries.Length, maximum)])
        {
            var entryPath = DocumentPath.Key(path, entry.Key.Text);
            bool isKey = key.TryBind(entry.Key, entryPath, issues, out string? name);
            if (text.TryBind(entry.Value, entryPath, issues, out string? content) && isKey)
                texts[name!] = content;
        }
        value = texts.ToImmutable();
        return true;
    }

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode ToNode(ImmutableSortedDictionary<string, string> value) => new(default,
        [.. value.Select(static e => new MappingEntry(new ScalarNode(default, e.Key, true),
            new ScalarNode(default, e.Value, true)))]);

    public override JsonObject ToJsonSchema() => new()
    {
        ["type"] = "object",
        ["maxProperties"] = maximum,
        ["propertyNames"] = key.ToJsonSchema(),
        ["additionalProperties"] = text.ToJsonSchema(),
    };

    public override JsonNode? ToJson(ImmutableSortedDictionary<string, string> value) => new JsonObject();
}
