using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A list of mappings. Its value does not contain items that were rejected.</summary>
/// <param name="what">The items in the plural, such as "pools".</param>
/// <param name="minimum">Least number of items.</param>
/// <param name="maximum">Greatest number of items. Further items are not read, so that a flood of them costs one
/// error.</param>
/// <param name="item">The kind of each item.</param>
internal sealed class ListKind(string what, int minimum, int maximum, MappingKind item)
    : Kind<IReadOnlyList<BoundMapping>>
{
    public override bool TryBind(
        Node node, DocumentPath path, IssueList issues, [MaybeNullWhen(false)] out IReadOnlyList<BoundMapping> value)
    {
        value = null;
        if (node is not ListNode list)
        {
            RejectForm(node, path, $"a list of {what}, each after a dash"
                + (minimum == 0 ? "; [] if there are none" : ""), issues);
            return false;
        }
        if (list.Items.Length < minimum)
            issues.Error(path, list, $"there are {list.Items.Length} {what}; at least {minimum} must be there",
                "Add one");
        if (list.Items.Length > maximum)
            issues.Error(path, list.Items[maximum].Position, null,
                $"there are {list.Items.Length} {what}; at most {maximum} are possible",
                "Remove those from here on or move them to another director");
        var items = new List<BoundMapping>(Math.Min(list.Items.Length, maximum));
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
