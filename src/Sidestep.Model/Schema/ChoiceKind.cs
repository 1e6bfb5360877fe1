using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A value that is one word of a fixed list. Each word stands for one member of the enum.</summary>
internal sealed class ChoiceKind<T>(params Choice<T>[] choices) : ScalarKind<T>
    where T : struct, Enum
{
    protected override string Expected => choices.Length == 1
        ? choices[0].Word
        : string.Join(", ", choices[..^1].Select(c => c.Word)) + " or " + choices[^1].Word;

    public override JsonObject ToJsonSchema() => new()
    {
        ["type"] = "string",
        ["enum"] = new JsonArray([.. choices.Select(c => JsonValue.Create(c.Word))]),
        // Not in the standard: the YAML language server shows these beside the words.
        ["enumDescriptions"] = new JsonArray([.. choices.Select(c => JsonValue.Create(c.Description))]),
    };

    public override JsonNode? ToJson(T value) =>
        JsonValue.Create(Array.Find(choices, c => c.Value.Equals(value))?.Word ?? value.ToString());

    protected override Problem? Parse(ScalarNode scalar, out T value)
    {
        value = default;
        if (Array.Find(choices, c => c.Word == scalar.Text) is { } choice)
        {
            value = choice.Value;
            return null;
        }
        // Where the list has an HTTP or TLS of its own, the explanation would contradict it.
        if (!choices.Any(static c => UnsupportedFeatures.ForValue(c.Word) is not null)
            && UnsupportedFeatures.ForValue(scalar.Text) is { } unsupported)
            return new Problem(unsupported.Reason);
        return new Problem("not a possible value",
            SpellingSuggestion.For(scalar.Text, choices.Select(c => c.Word)) is { } nearest
                ? $"Did you mean {nearest}?" : null);
    }
}

/// <summary>A word of the document and what it stands for.</summary>
internal sealed record Choice<T>(string Word, T Value, string Description);
