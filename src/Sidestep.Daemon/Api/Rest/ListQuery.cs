using System.IO.Enumeration;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidestep.Api.Configurations;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Which objects of a list a request selects, and which page of them.</summary>
internal sealed class ListQuery
{
    /// <summary>The parameters: the most items of a page, the name that the page begins after, a pattern of names with
    /// <c>*</c> and <c>?</c>, and a selector of labels.</summary>
    internal const string Limit = "limit", After = "after", Name = "name", Labels = "labels";

    private const int MostItems = 1000, UsualItems = 100;

    private int _limit;
    private string? _after;
    private string? _name;
    private LabelSelector _labels = LabelSelector.Parse("");

    /// <summary>Parses the query of a request.</summary>
    /// <exception cref="HttpStatusException">A parameter is unknown or wrong (400).</exception>
    internal static ListQuery Of(HttpContext context)
    {
        QueryParameters.RequireKnown(context, Limit, After, Name, Labels);
        try
        {
            return new ListQuery
            {
                _limit = QueryParameters.Number(context, Limit, 1, MostItems, UsualItems),
                _after = QueryParameters.Text(context, After),
                _name = QueryParameters.Text(context, Name),
                _labels = LabelSelector.Parse(QueryParameters.Text(context, Labels) ?? ""),
            };
        }
        catch (FormatException e)
        {
            throw QueryParameters.Wrong($"{Labels}: {e.Message}");
        }
    }

    /// <summary>The page, ordered by name. A page that begins after a name is complete and without repetitions even if
    /// objects were added or removed since the previous page.</summary>
    internal ObjectList Select(ObjectKind kind, IEnumerable<JsonElement> items)
    {
        var selected = items.Select(i => (Name: ObjectLookup.NameOf(kind, i), Item: i))
            .Where(i => _name is null || FileSystemName.MatchesSimpleExpression(_name, i.Name, ignoreCase: false))
            .Where(i => _labels.Selects(key => ObjectLookup.LabelOf(i.Item, key)))
            .OrderBy(static i => i.Name, StringComparer.Ordinal)
            .SkipWhile(i => _after is not null && string.CompareOrdinal(i.Name, _after) <= 0).ToArray();
        return new ObjectList([.. selected.Take(_limit).Select(static i => i.Item)])
        {
            Next = selected.Length > _limit ? selected[_limit - 1].Name : null,
        };
    }
}
