using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>Text that represents bytes, one per character. In double quotes, YAML itself has the escapes \r, \n and
/// \x00.</summary>
internal sealed class ByteStringKind : ScalarKind<string>
{
    protected override string Expected =>
        $"1 to {Limits.MonitorText} characters of one byte each, in double quotes where it has escapes such as \\r\\n "
        + "or \\x00";

    public override JsonObject ToJsonSchema() =>
        new() { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = Limits.MonitorText };

    public override JsonNode? ToJson(string value) => JsonValue.Create(value);

    protected override Problem? Parse(ScalarNode scalar, out string? value)
    {
        value = scalar.Text;
        if (value.Length is 0 or > Limits.MonitorText)
            return new Problem($"has {value.Length} characters");
        return value.Any(static c => c > 0xff)
            ? new Problem("has a character that is more than one byte", "Write its bytes, such as \"\\xc3\\xa9\"")
                : null;
    }
}
