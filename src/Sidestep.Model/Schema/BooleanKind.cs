using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A boolean: exactly <c>true</c> or <c>false</c>.</summary>
internal sealed class BooleanKind : ScalarKind<bool>
{
    protected override string Expected => "true or false";

    public override JsonObject ToJsonSchema() => new() { ["type"] = "boolean" };

    public override JsonNode? ToJson(bool value) => JsonValue.Create(value);

    protected override Problem? Parse(ScalarNode scalar, out bool value)
    {
        value = scalar.Text == "true";
        if (!value && scalar.Text != "false")
            return new Problem("neither true nor false");
        return scalar.Quoted ? new Problem("text, because it is in quotes", "Remove the quotes") : null;
    }
}
