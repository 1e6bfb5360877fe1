using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sidestep.Model.Schema;

namespace Sidestep.Model;

/// <summary>The JSON Schema of the configuration document, for editors.</summary>
/// <remarks>It comes from the same description that the reader works by. It says what a schema can say; what one value asks
/// of another, only the reader knows.</remarks>
public static class ConfigurationSchema
{
    // The language servers for YAML know draft-07 completely, and later drafts in part.
    private const string Draft = "http://json-schema.org/draft-07/schema#";

    private static readonly JsonSerializerOptions WriteOptions = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        // Quotes and angle brackets stay readable: nobody puts this file into HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema (draft-07), indented by two spaces, with a final line feed; the same on every call.</summary>
    public static string ToJson()
    {
        var schema = new JsonObject { ["$schema"] = Draft, ["title"] = "Sidestep configuration" };
        foreach (var (keyword, value) in DocumentSchema.Kind.ToJsonSchema())
            schema[keyword] = value?.DeepClone();
        return schema.ToJsonString(WriteOptions) + "\n";
    }
}
