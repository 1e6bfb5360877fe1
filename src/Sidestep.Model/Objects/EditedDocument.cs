using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sidestep.Model.Objects;

/// <summary>A copy of a configuration as JSON, of which objects are replaced, patched and removed. What it contains is
/// checked when it is read again.</summary>
public sealed class EditedDocument
{
    private readonly JsonObject _root;

    /// <param name="document">The configuration as <see cref="ConfigurationWriter"/> writes it. It does not
    /// change.</param>
    public EditedDocument(JsonElement document) => _root = JsonObject.Create(document)
        ?? throw new ArgumentException("A configuration is an object.", nameof(document));

    /// <summary>The text, for <see cref="ConfigurationReader"/>.</summary>
    public string ToText() => _root.ToJsonString();

    /// <summary>Where an object is, as a JSON Pointer (RFC 6901); null: it does not exist.</summary>
    public string? PointerOf(ObjectPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Locate(path) is var (list, index, pointer) && index < list.Count ? $"{pointer}/{index}" : null;
    }

    /// <summary>An object; null: it does not exist.</summary>
    public JsonObject? Find(ObjectPath path) =>
        Locate(path) is var (list, index, _) && index < list.Count ? list[index] as JsonObject : null;

    /// <summary>Replaces an object, or appends it to its list.</summary>
    /// <returns>False: the object that should own it does not exist.</returns>
    public bool Put(ObjectPath path, JsonObject content)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Locate(path) is not var (list, index, _))
            return false;
        if (index < list.Count)
            list[index] = content;
        else
            list.Add(content);
        return true;
    }

    /// <summary>Removes an object.</summary>
    /// <returns>False: it does not exist.</returns>
    public bool Remove(ObjectPath path)
    {
        if (Locate(path) is not var (list, index, _) || index == list.Count)
            return false;
        list.RemoveAt(index);
        return true;
    }

    /// <summary>Replaces a section that is a mapping, <c>node</c> or <c>group</c>.</summary>
    public void PutSection(string name, JsonObject content) => _root[name] = content;

    /// <summary>Changes the document by a JSON Merge Patch.</summary>
    public void Patch(JsonObject patch) => MergePatch.Apply(_root, patch);

    /// <summary>Changes a section that is a mapping by a JSON Merge Patch.</summary>
    public void PatchSection(string name, JsonObject patch) => MergePatch.Apply(_root[name], patch);

    /// <summary>The list of an object, its index, or the length of the list if it is not there, and the pointer of the
    /// list. Null: its owner does not exist.</summary>
    private (JsonArray List, int Index, string Pointer)? Locate(ObjectPath path)
    {
        var (owner, pointer) = (_root, "");
        if (path.Owner is { } ownerPath)
        {
            if (Find(ownerPath) is not { } found)
                return null;
            (owner, pointer) = (found, PointerOf(ownerPath)!);
        }
        if (owner[path.Kind.Section] is not JsonArray list)
            owner[path.Kind.Section] = list = [];
        string name = path.Kind.Canonical(path.Name);
        int index = 0;
        while (index < list.Count && NameOf(path.Kind, list[index]) != name)
            index++;
        return (list, index, $"{pointer}/{path.Kind.Section}");
    }

    private static string? NameOf(ObjectKind kind, JsonNode? item) =>
        item is JsonObject content && content[kind.NameKey] is JsonValue value && value.TryGetValue(out string? name)
            ? kind.Canonical(name) : null;
}
