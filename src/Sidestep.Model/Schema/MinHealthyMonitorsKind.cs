using System.Globalization;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The word <c>all</c>, or a number of monitors.</summary>
internal sealed class MinHealthyMonitorsKind : ScalarKind<MinHealthyMonitors>
{
    private const string All = "all";

    protected override string Expected => $"all, or a whole number from 1 to {Limits.MonitorsOfPool}";

    public override JsonObject ToJsonSchema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "string", ["enum"] = new JsonArray(All) },
            new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = Limits.MonitorsOfPool }),
    };

    public override JsonNode? ToJson(MinHealthyMonitors value) =>
        value.Count == 0 ? JsonValue.Create(All) : JsonValue.Create(value.Count);

    protected override Problem? Parse(ScalarNode scalar, out MinHealthyMonitors value)
    {
        value = MinHealthyMonitors.All;
        if (scalar.Text == All)
            return null;
        if (!scalar.Text.All(char.IsAsciiDigit) || scalar.Text is ['0', _, ..])
            return new Problem("neither all nor a number of monitors");
        if (scalar.Quoted)
            return new Problem("text, because it is in quotes", "Remove the quotes");
        if (!int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            || count is 0 or > Limits.MonitorsOfPool)
            return new Problem("out of range");
        value = new MinHealthyMonitors(count);
        return null;
    }
}
