using System.Globalization;
using System.Text.Json.Nodes;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>all, any, or the mapping { atLeast: 2 }.</summary>
internal sealed class MinHealthyMonitorsKind : Kind<MinHealthyMonitors>
{
    private const string Expected = "all, any, or { atLeast: 2 }";

    private static readonly Key<int> Count = Key<int>.Mandatory("atLeast", new IntegerKind(1, Limits.MonitorsOfPool),
        "So many of the pool's monitors.");

    private static readonly MappingKind Number = new("the mapping healthy", "How many monitors of a server must be up.", Count);

    public override bool TryBind(Node node, string path, IssueList issues, out MinHealthyMonitors value)
    {
        value = default;
        if (node is MappingNode)
        {
            if (!Number.TryBind(node, path, issues, out var mapping) || mapping.Find(Count) is not { } number)
                return false;
            value = new MinHealthyMonitors(number.Value);
            return true;
        }
        if (node is not ScalarNode { IsNull: false } scalar)
        {
            RejectForm(node, path, Expected, issues);
            return false;
        }
        if (scalar.Text is not ("all" or "any"))
        {
            issues.Error(path, scalar, "not a possible value", $"Write {Expected}");
            return false;
        }
        value = scalar.Text == "any" ? MinHealthyMonitors.One : MinHealthyMonitors.All;
        return true;
    }

    public override JsonObject ToJsonSchema() => new()
    {
        ["anyOf"] = new JsonArray(
            new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("all", "any") }, Number.ToJsonSchema()),
    };

    public override JsonNode? ToJson(MinHealthyMonitors value) => JsonValue.Create(value.Count switch
    {
        0 => "all",
        1 => "any",
        var number => number.ToString(CultureInfo.InvariantCulture),
    });
}
