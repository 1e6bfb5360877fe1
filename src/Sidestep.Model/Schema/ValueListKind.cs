using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>A list of single values. Its value does not contain items that were rejected.</summary>
/// <param name="what">The items in the plural, such as "VIPs".</param>
/// <param name="minimum">Least number of items.</param>
/// <param name="maximum">Greatest number of items; further items are not read.</param>
/// <param name="item">The kind of each item.</param>
/// <param name="alone">True if a single value without a list stands for a list of one.</param>
internal sealed class ValueListKind<T>(string what, int minimum, int maximum, ScalarKind<T> item, bool alone = false)
    : Kind<IReadOnlyList<Located<T>>>
{
    /// <summary>The values as they are written: a list, or a single value where that is possible.</summary>
    public Node ToNode(ImmutableArray<T> values) => alone && values is [var only]
        ? item.ToNode(only) : new ListNode(default, [.. values.Select(item.ToNode)]);

    public override bool TryBind(
        Node node, DocumentPath path, IssueList issues, [MaybeNullWhen(false)] out IReadOnlyList<Located<T>> value)
    {
        value = null;
        if (alone && node is ScalarNode { IsNull: false })
        {
            if (!item.TryBind(node, path, issues, out var only))
                return false;
            value = [new Located<T>(only, node, path)];
            return true;
        }
        if (node is not ListNode list)
        {
            RejectForm(node, path, $"a list of {what}, in brackets or each after a dash", issues);
            return false;
        }
        if (list.Items.Length < minimum)
            issues.Error(path, list, $"there are {list.Items.Length} {what}; at least {minimum} must be there",
                "Add one");
        if (list.Items.Length > maximum)
            issues.Error(path, list.Items[maximum].Position, null,
                $"there are {list.Items.Length} {what}; at most {maximum} are possible", "Remove those from here on");
        var items = new List<Located<T>>();
        for (int i = 0; i < Math.Min(list.Items.Length, maximum); i++)
        {
            var itemPath = DocumentPath.Item(path, i);
            if (item.TryBind(list.Items[i], itemPath, issues, out var bound))
                items.Add(new Located<T>(bound, list.Items[i], itemPath));
        }
        value = items;
        return true;
    }

    public override JsonObject ToJsonSchema()
    {
        var list = new JsonObject { ["type"] = "array" };
        if (minimum > 0)
            list["minItems"] = minimum;
        list["maxItems"] = maximum;
        list["items"] = item.ToJsonSchema();
        return alone ? new JsonObject { ["anyOf"] = new JsonArray(item.ToJsonSchema(), list) } : list;
    }

    public override JsonNode? ToJson(IReadOnlyList<Located<T>> value) => new JsonArray();
}
