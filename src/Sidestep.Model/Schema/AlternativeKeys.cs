using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A short and a long key for the same thing: a mapping has one of them, never both.</summary>
/// <param name="Short">The key for one value.</param>
/// <param name="Long">The key for several values.</param>
/// <param name="OptionalWhen">True if both may be absent in a mapping; null: never.</param>
internal sealed record AlternativeKeys(Key Short, Key Long, Func<BoundMapping, bool>? OptionalWhen = null)
{
    /// <summary>Reports an error if both keys are there, or none.</summary>
    /// <param name="what">The mapping, with an article.</param>
    /// <param name="mapping">The mapping that was read.</param>
    /// <param name="node">Its node.</param>
    /// <param name="hasShort">True if the short key is there, or a misspelling of it.</param>
    /// <param name="hasLong">The same for the long key.</param>
    /// <param name="issues">Receives the error.</param>
    public void Check(string what, BoundMapping mapping, MappingNode node, bool hasShort, bool hasLong,
        IssueList issues)
    {
        if (hasShort && hasLong)
        {
            DocumentPath path = DocumentPath.Key(mapping.Path, Short.Name);
            issues.Error(path, node.Position, null, $"{what} has {Short.Name} and {Long.Name}, which say the same",
                $"Keep {Long.Name} only, with everything in it");
        }
        else if (!hasShort && !hasLong && OptionalWhen?.Invoke(mapping) != true)
        {
            issues.Error(DocumentPath.Key(mapping.Path, Short.Name), node.Position, null,
                $"{what} must have the key {Short.Name} or {Long.Name}", "Add one of them to this mapping");
        }
    }

    /// <summary>The same rule as JSON Schema, as far as it depends on no other value.</summary>
    public JsonObject ToJsonSchema() => OptionalWhen is null
        ? new() { ["oneOf"] = new JsonArray(Required(Short), Required(Long)) }
        : new() { ["not"] = Required(Short, Long) };

    private static JsonObject Required(params Key[] keys) =>
        new() { ["required"] = new JsonArray([.. keys.Select(k => JsonValue.Create(k.Name))]) };
}
