using System.Net;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Sidestep.Api.Status;

/// <summary>The JSON Schema of <see cref="DirectorStatus"/>, made of the type.</summary>
public static class StatusSchema
{
    /// <summary>The schema as indented text with a line feed at the end: the content of
    /// docs/status.schema.json.</summary>
    public static string ToJson() => Create().ToJsonString(ApiJson.Indented.Options) + "\n";

    private static JsonObject Create()
    {
        var root = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Output of sidestep status --json",
        };
        var exported = ApiJson.Default.Options.GetJsonSchemaAsNode(typeof(DirectorStatus), new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = Complete,
        }).AsObject();
        foreach (var (name, node) in exported.ToArray())
            root[name] = node?.DeepClone();
        return root;
    }

    /// <summary>Adds what the exporter cannot know: the form of our own converters, and that every property is always
    /// written.</summary>
    private static JsonNode Complete(JsonSchemaExporterContext context, JsonNode node)
    {
        if (context.TypeInfo.Type == typeof(IPAddress))
            return new JsonObject { ["type"] = "string" };
        if (node is JsonObject schema && schema["properties"] is JsonObject properties)
        {
            schema["required"] = new JsonArray([.. properties.Select(static p => JsonValue.Create(p.Key))]);
            schema["additionalProperties"] = false;
        }
        return node;
    }
}
