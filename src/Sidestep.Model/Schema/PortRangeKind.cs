using System.Globalization;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>One port, a range, or <c>any</c>.</summary>
internal sealed class PortRangeKind : ScalarKind<PortRange>
{
    protected override string Expected => "a port from 1 to 65535, a range such as 8000-8099, or any";

    public override JsonObject ToJsonSchema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = ushort.MaxValue },
            new JsonObject { ["type"] = "string", ["pattern"] = "^(?:any|[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4})?)$" }),
    };

    public override JsonNode? ToJson(PortRange value) => value.First == value.Last
        ? JsonValue.Create((int)value.First) : JsonValue.Create(value.ToString());

    protected override Problem? Parse(ScalarNode scalar, out PortRange value)
    {
        value = PortRange.Any;
        string text = scalar.Text;
        if (text == "any")
            return null;
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        string first = dash < 0 ? text : text[..dash];
        string last = dash < 0 ? text : text[(dash + 1)..];
        if (!IsNumber(first) || !IsNumber(last))
            return new Problem("neither a port nor a range of ports");
        if (!TryParse(first, out int low) || !TryParse(last, out int high))
            return new Problem("out of range");
        if (low > high)
            return new Problem("the range is reversed", $"Write {high}-{low}");
        value = new PortRange((ushort)low, (ushort)high);
        return null;
    }

    private static bool IsNumber(string text) =>
        text.Length > 0 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0');

    private static bool TryParse(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port is > 0 and <= ushort.MaxValue;
}
