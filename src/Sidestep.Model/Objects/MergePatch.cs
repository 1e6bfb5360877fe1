using System.Text.Json.Nodes;

namespace Sidestep.Model.Objects;

/// <summary>JSON Merge Patch (RFC 7396).</summary>
public static class MergePatch
{
    /// <summary>Applies a patch (RFC 7396 section 2): members of the patch replace those of the target, null removes
    /// them, and objects are merged. Arrays are replaced as a whole.</summary>
    /// <param name="target">The value to change; it may be changed in place.</param>
    /// <param name="patch">The patch. It does not change.</param>
    /// <returns>The result, without a parent.</returns>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch?.DeepClone();
        var result = target as JsonObject ?? [];
        foreach (var (name, change) in changes)
        {
            if (change is null)
                result.Remove(name);
            else
            {
                result.TryGetPropertyValue(name, out var before);
                result.Remove(name);
                result[name] = Apply(before, change);
            }
        }
        return result;
    }
}
