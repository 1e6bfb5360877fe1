using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Schema;

/// <summary>A list of mappings. Items that were refused are left out of the value.</summary>
/// <param name="what">The items in the plural, such as "pools".</param>
/// <param name="minimum">Fewest items.</param>
/// <param name="maximum">Most items; those beyond are not read, so that a flood costs one error.</param>
/// <param name="item">What each item is.</param>
internal sealed class ListKind(string what, int minimum, int maximum, MappingKind item)
    : Kind<IReadOnlyList<BoundMapping>>
{
    public override bool TryBind(
        Node node, string path, IssueList issues, [MaybeNullWhen(false)] out IReadOnlyList<BoundMapping> value)
    {
        value = null;
        if (node is not ListNode list)
        {
            RejectForm(node, path, $"a list of {what}, each behind a dash" + (minimum == 0 ? "; [] if there are none" : ""), issues);
            return false;
        }
        if (list.Items.Length < minimum)
            issues.Error(path, list, $"there are {list.Items.Length} {what}; at least {minimum} must be there",
                "Add one");
        if (list.Items.Length > maximum)
            issues.Error(path, list.Items[maximum].Position, null,
                $"there are {list.Items.Length} {what}; at most {maximum} are possible",
                "Remove those from here on or move them to another director");
        var items = new List<BoundMapping>();
        for (int i = 0; i < Math.Min(list.Items.Length, maximum); i++)
        {
            if (item.TryBind(list.Items[i], DocumentPath.Item(path, i), issues, out var bound))
                items.Add(bound);
        }
        value = items;
        return true;
    }

    public override JsonObject ToJsonSchema()
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (minimum > 0)
            schema["minItems"] = minimum;
        schema["maxItems"] = maximum;
        schema["items"] = item.ToJsonSchema();
        return schema;
    }

    public override JsonNode? ToJson(IReadOnlyList<BoundMapping> value) => new JsonArray();
}
