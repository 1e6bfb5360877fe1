using System.Text.Json.Nodes;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Lists every key of the schema, which is generated from the key descriptions.</summary>
internal static class SchemaKeys
{
    /// <summary>Paths such as <c>pools[].servers[].weight</c>, with what the schema says there.</summary>
    public static List<(string Path, JsonObject Schema)> All()
    {
        var keys = new List<(string, JsonObject)>();
        Collect("", JsonNode.Parse(ConfigurationSchema.ToJson())!.AsObject(), keys);
        return keys;
    }

    private static void Collect(string path, JsonObject schema, List<(string, JsonObject)> keys)
    {
        if (schema["items"] is JsonObject items)
            Collect(path + "[]", items, keys);
        if (schema["properties"] is not JsonObject properties)
            return;
        foreach (var (name, value) in properties)
        {
            string key = path.Length == 0 ? name : $"{path}.{name}";
            keys.Add((key, value!.AsObject()));
            Collect(key, value!.AsObject(), keys);
        }
    }
}
