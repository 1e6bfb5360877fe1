using System.Net;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Sidestep.Api;

/// <summary>The JSON Schema of the output of a command, made of the type of its records.</summary>
public static class OutputSchema
{
    /// <summary>The schema as indented text with a line feed at the end: the content of a file
    /// <c>docs/NAME.schema.json</c>.</summary>
    /// <param name="type">The type of the output.</param>
    /// <param name="title">What the schema describes.</param>
    public static string Of<T>(JsonTypeInfo<T> type, string title)
    {
        ArgumentNullException.ThrowIfNull(type);
        var root = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = title,
        };
        foreach (var (name, node) in NodeOf(type))
            root[name] = node?.DeepClone();
        return root.ToJsonString(ApiJson.Indented.Options) + "\n";
    }

    /// <summary>The schema as a node, for a document that contains it.</summary>
    public static JsonObject NodeOf<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = Complete,
        }).AsObject();
    }

    /// <summary>Adds what the exporter cannot know: the form of our own converters, and which properties are always
    /// written.</summary>
    private static JsonNode Complete(JsonSchemaExporterContext context, JsonNode node)
    {
        if (context.TypeInfo.Type == typeof(IPAddress))
            return new JsonObject { ["type"] = "string" };
        if (node is JsonObject schema && schema["properties"] is JsonObject properties)
        {
            var optional = context.TypeInfo.Properties.Where(IsOptional).Select(static p => p.Name).ToHashSet();
            schema["required"] = new JsonArray([.. properties.Select(static p => p.Key)
                .Where(name => !optional.Contains(name)).Select(static name => JsonValue.Create(name))]);
            schema["additionalProperties"] = context.TypeInfo.Properties.Any(static p => p.IsExtensionData);
        }
        return node;
    }

    /// <summary>True if null is not written.</summary>
    private static bool IsOptional(JsonPropertyInfo property) => property.IsGetNullable
        && property.AttributeProvider?.IsDefined(typeof(JsonIgnoreAttribute), inherit: false) != true;
}
