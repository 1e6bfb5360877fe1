using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidestep.Model.Schema;

namespace Sidestep.Model;

/// <summary>The JSON Schema of the configuration document, for editors.</summary>
/// <remarks>It is generated from the same key descriptions that the reader uses. It covers each value on its own; only
/// the reader knows the rules between values.</remarks>
public static class ConfigurationSchema
{
    // The YAML language servers support draft-07 completely, and later drafts in part.
    private const string Draft = "http://json-schema.org/draft-07/schema#";

    private static readonly JsonSerializerOptions WriteOptions = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        // Quotes and angle brackets stay readable: this file is never part of an HTML page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema (draft-07), indented by two spaces, with a final line feed. Every call returns the same
    /// text.</summary>
    public static string ToJson()
    {
        var schema = new JsonObject { ["$schema"] = Draft, ["title"] = "Sidestep configuration" };
        foreach (var (keyword, value) in DocumentSchema.Kind.ToJsonSchema())
            schema[keyword] = value?.DeepClone();
        return schema.ToJsonString(WriteOptions) + "\n";
    }
}
