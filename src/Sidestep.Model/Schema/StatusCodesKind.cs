using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>An HTTP status code or a range of them: 200, 200-399.</summary>
internal sealed class StatusCodesKind : ScalarKind<PortRange>
{
    protected override string Expected => "a status code from 100 to 599, or a range such as 200-399";

    public override JsonObject ToJsonSchema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "integer", ["minimum"] = 100, ["maximum"] = 599 },
            new JsonObject { ["type"] = "string", ["pattern"] = "^[1-5][0-9]{2}-[1-5][0-9]{2}$" }),
    };

    public override JsonNode? ToJson(PortRange value) => value.First == value.Last
        ? JsonValue.Create((int)value.First) : JsonValue.Create(value.ToString());

    protected override Problem? Parse(ScalarNode scalar, out PortRange value)
    {
        value = default;
        var ends = scalar.Text.Split('-');
        if (ends.Length > 2 || !Array.TrueForAll(ends, static e =>
            e.Length == 3 && e.All(char.IsAsciiDigit) && e[0] is >= '1' and <= '5'))
            return new Problem("not a status code");
        int first = int.Parse(ends[0], System.Globalization.CultureInfo.InvariantCulture);
        int last = int.Parse(ends[^1], System.Globalization.CultureInfo.InvariantCulture);
        if (last < first)
            return new Problem("ends before it begins");
        value = new PortRange((ushort)first, (ushort)last);
        return null;
    }
}
