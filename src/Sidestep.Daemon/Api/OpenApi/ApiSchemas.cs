using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Sidestep.Api;
using Sidestep.Model;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.OpenApi;

/// <summary>The schemas of the OpenAPI document: those of the configuration, and those of the records of the
/// API.</summary>
internal static class ApiSchemas
{
    /// <summary>Names of the schemas of the whole configuration and of its sections.</summary>
    internal const string Configuration = "Configuration", Node = "Node", Group = "Group", MergePatch = "MergePatch";

    /// <summary>The name of the schema of the objects of a kind.</summary>
    internal static string NameOf(ObjectKind kind) => NameOf(kind.Section[..^1]);

    /// <summary>The name of the schema of a list of objects.</summary>
    internal static string ListOf(ObjectKind kind) => NameOf(kind) + "List";

    /// <summary>The name of the schema of a record.</summary>
    internal static string NameOf<T>() => typeof(T).Name;

    /// <summary>All schemas by name.</summary>
    internal static JsonObject All()
    {
        var schemas = new JsonObject();
        AddConfiguration(schemas);
        Add(schemas, ApiJson.Default.ApiProblem);
        Add(schemas, ApiJson.Default.ChangeReport);
        Add(schemas, ApiJson.Default.RevisionsReport);
        Add(schemas, ApiJson.Default.RevisionDifference);
        Add(schemas, ApiJson.Default.DirectorStatus);
        Add(schemas, ApiJson.Default.EventsReport);
        Add(schemas, ApiJson.Default.AlarmRecord);
        Add(schemas, ApiJson.Default.CountersRecord);
        Add(schemas, ApiJson.Default.DoctorRequest);
        Add(schemas, ApiJson.Default.DoctorReport);
        Add(schemas, ApiJson.Default.FlowsLine);
        Add(schemas, ApiJson.Default.CaptureRequest);
        Add(schemas, ApiJson.Default.CaptureLine);
        Add(schemas, ApiJson.Default.PlanRequest);
        Add(schemas, ApiJson.Default.PlanReport);
        Add(schemas, ApiJson.Default.TraceRequest);
        Add(schemas, ApiJson.Default.TraceReport);
        Add(schemas, ApiJson.Default.SessionRecord);
        Add(schemas, ApiJson.Default.LoginRequest);
        Add(schemas, ApiJson.Default.IssuedToken);
        Add(schemas, ApiJson.Default.UserRequest);
        Add(schemas, ApiJson.Default.UserRecord);
        Add(schemas, ApiJson.Default.UserList);
        Add(schemas, ApiJson.Default.TokenRequest);
        Add(schemas, ApiJson.Default.TokenList);
        Add(schemas, ApiJson.Default.Invitation);
        Add(schemas, ApiJson.Default.DirectorList);
        Add(schemas, ApiJson.Default.AgentList);
        Add(schemas, ApiJson.Default.AgentStatus);
        Add(schemas, ApiJson.Default.OverrideRequest);
        Add(schemas, ApiJson.Default.OverrideRecord);
        Add(schemas, ApiJson.Default.OverrideList);
        Add(schemas, ApiJson.Default.OverrideReport);
        return schemas;
    }

    /// <summary>A reference to a schema.</summary>
    internal static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    private static void Add<T>(JsonObject schemas, JsonTypeInfo<T> type)
    {
        string name = NameOf<T>();
        var schema = OutputSchema.NodeOf(type);
        Relocate(schema, name);
        schemas[name] = schema;
    }

    /// <summary>Each kind of objects has a schema, which the schema of the configuration refers to.</summary>
    private static void AddConfiguration(JsonObject schemas)
    {
        var document = JsonNode.Parse(ConfigurationSchema.ToJson())!.AsObject();
        document.Remove("$schema");
        foreach (string section in new[] { "node", "group" })
            schemas[NameOf(section)] = Extract(document["properties"]!.AsObject(), section, NameOf(section));
        foreach (var kind in ObjectKind.OfDocument)
            AddKind(schemas, document, kind);
        AddKind(schemas, schemas[NameOf(ObjectKind.Pool)]!.AsObject(), ObjectKind.RealServer);
        schemas[Configuration] = document;
        schemas[MergePatch] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "A JSON Merge Patch (RFC 7396): null restores the default of a key.",
        };
    }

    private static void AddKind(JsonObject schemas, JsonObject owner, ObjectKind kind)
    {
        var list = owner["properties"]![kind.Section]!.AsObject();
        schemas[NameOf(kind)] = Extract(list, "items", NameOf(kind));
        schemas[ListOf(kind)] = new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["items"] = new JsonObject { ["type"] = "array", ["items"] = Reference(NameOf(kind)) },
                ["next"] = new JsonObject
                {
                    ["type"] = "string",
                    ["description"] = "The parameter after of the next page; absent: this is the last one.",
                },
            },
            ["additionalProperties"] = false,
        };
    }

    /// <summary>Replaces a schema by a reference, and returns it.</summary>
    private static JsonNode Extract(JsonObject owner, string property, string name)
    {
        var schema = owner[property]!;
        owner[property] = Reference(name);
        return schema;
    }

    /// <summary>The exporter's references begin at the root of their own document.</summary>
    private static void Relocate(JsonNode? node, string name)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list)
                Relocate(item, name);
        }
        if (node is not JsonObject content)
            return;
        foreach (var (key, value) in content.ToArray())
        {
            if (key == "$ref" && (string?)value is ['#', .. var rest])
                content[key] = $"#/components/schemas/{name}{rest}";
            else
                Relocate(value, name);
        }
    }

    /// <summary>The name of the schema of a section of the configuration.</summary>
    internal static string NameOf(string section) => char.ToUpperInvariant(section[0]) + section[1..];
}
