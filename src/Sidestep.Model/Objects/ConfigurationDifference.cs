using System.Collections.Immutable;
using System.Text.Json;

namespace Sidestep.Model.Objects;

/// <summary>A value that differs between two configurations.</summary>
/// <param name="Path">Where: <c>pools[web].servers[web1].weight</c>. Objects have their names instead of
/// numbers.</param>
/// <param name="Before">The value before, as JSON; null: there was none, and its default applied.</param>
/// <param name="After">The value after, as JSON; null: there is none.</param>
public sealed record DifferentValue(string Path, string? Before, string? After);

/// <summary>Compares configurations value by value.</summary>
public static class ConfigurationDifference
{
    /// <summary>The values that differ, in the order of the document. An object that was added or removed is one
    /// value. The order of objects in a list is no difference.</summary>
    /// <param name="before">A configuration as <see cref="ConfigurationWriter"/> writes it; null: none.</param>
    /// <param name="after">The other one.</param>
    public static ImmutableArray<DifferentValue> Of(JsonElement? before, JsonElement after)
    {
        var differences = ImmutableArray.CreateBuilder<DifferentValue>();
        Compare("", before, after, differences);
        return differences.ToImmutable();
    }

    private static void Compare(string path, JsonElement? before, JsonElement? after,
        ImmutableArray<DifferentValue>.Builder differences)
    {
        if (before is { ValueKind: JsonValueKind.Object } one && after is { ValueKind: JsonValueKind.Object } other)
            CompareMembers(path, one, other, differences);
        else if (Named(before) is { } first && Named(after) is { } second && (first.Count > 0 || second.Count > 0))
            CompareItems(path, first, second, differences);
        else if (before is not { } b || after is not { } a || !JsonElement.DeepEquals(b, a))
            differences.Add(new DifferentValue(path, before?.GetRawText(), after?.GetRawText()));
    }

    private static void CompareMembers(string path, JsonElement before, JsonElement after,
        ImmutableArray<DifferentValue>.Builder differences)
    {
        foreach (var name in before.EnumerateObject().Concat(after.EnumerateObject()).Select(static m => m.Name)
            .Distinct())
        {
            var (one, other) = (Member(before, name), Member(after, name));
            Compare(path.Length == 0 ? name : $"{path}.{name}", one, other, differences);
        }
    }

    private static void CompareItems(string path, Dictionary<string, JsonElement> before,
        Dictionary<string, JsonElement> after, ImmutableArray<DifferentValue>.Builder differences)
    {
        foreach (string name in before.Keys.Concat(after.Keys).Distinct())
        {
            Compare($"{path}[{name}]", before.TryGetValue(name, out var one) ? one : null,
                after.TryGetValue(name, out var other) ? other : null, differences);
        }
    }

    private static JsonElement? Member(JsonElement content, string name) =>
        content.TryGetProperty(name, out var value) ? value : null;

    /// <summary>The items of a list of objects by their names; an absent list has none. Null: not such a
    /// list.</summary>
    private static Dictionary<string, JsonElement>? Named(JsonElement? list)
    {
        if (list is not { } value)
            return [];
        if (value.ValueKind != JsonValueKind.Array)
            return null;
        var items = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || NameOf(item) is not { } name || !items.TryAdd(name, item))
                return null;
        }
        return items;
    }

    private static string? NameOf(JsonElement item) =>
        item.TryGetProperty(ObjectKind.Pool.NameKey, out var name) ? name.GetString()
        : item.TryGetProperty(ObjectKind.Vip.NameKey, out var address) ? address.GetString() : null;
}
