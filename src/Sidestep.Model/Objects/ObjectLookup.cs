using System.Text.Json;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Objects;

/// <summary>Finds objects in a configuration as JSON, without a copy.</summary>
public static class ObjectLookup
{
    /// <summary>An object; null: it does not exist.</summary>
    public static JsonElement? Find(JsonElement document, ObjectPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Items(document, path.Kind, path.Owner) is not { } items)
            return null;
        string name = path.Kind.Canonical(path.Name);
        foreach (var item in items)
        {
            if (NameOf(path.Kind, item) == name)
                return item;
        }
        return null;
    }

    /// <summary>All objects of a kind, in the order of the document; null: their owner does not exist.</summary>
    /// <param name="document">The configuration.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="owner">The object that contains them; null: the document.</param>
    public static IEnumerable<JsonElement>? Items(JsonElement document, ObjectKind kind, ObjectPath? owner)
    {
        ArgumentNullException.ThrowIfNull(kind);
        var parent = owner is null ? document : Find(document, owner);
        if (parent is not { } found)
            return null;
        return found.TryGetProperty(kind.Section, out var list) ? list.EnumerateArray() : [];
    }

    /// <summary>The value of a label of an object; null: it has no such label.</summary>
    /// <param name="item">The object; it may be one that is not validated yet.</param>
    /// <param name="key">The key of the label.</param>
    public static string? LabelOf(JsonElement item, string key) =>
        item.TryGetProperty(MetadataSchema.Labels.Name, out var labels) && labels.ValueKind == JsonValueKind.Object
            && labels.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    /// <summary>The name of an object, as <see cref="ObjectKind.Canonical"/> writes it.</summary>
    public static string NameOf(ObjectKind kind, JsonElement item)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return kind.Canonical(item.GetProperty(kind.NameKey).GetString()!);
    }
}
