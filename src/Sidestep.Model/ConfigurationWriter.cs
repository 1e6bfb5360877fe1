using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model;

/// <summary>Writes configurations: keys in the order of the schema, without values that are defaults.</summary>
/// <remarks><see cref="ConfigurationReader"/> reads an equal configuration from the text, and equal configurations have
/// equal texts. A configuration that is not valid is written as it is.</remarks>
public static class ConfigurationWriter
{
    /// <summary>The configuration as YAML, with a final line feed.</summary>
    public static string ToYaml(Configuration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return YamlEmitter.Emit(DocumentSchema.Write(configuration));
    }

    /// <summary>A part of a configuration, which was written as JSON, as YAML.</summary>
    /// <param name="json">An object.</param>
    /// <exception cref="FormatException">It is not a JSON object, or nested too deeply.</exception>
    public static string ToYaml(string json)
    {
        var issues = new IssueList();
        return JsonParser.Parse(json, issues) is MappingNode node && !issues.HasErrors ? YamlEmitter.Emit(node)
            : throw new FormatException(issues.HasErrors ? issues.Errors[0].ToString() : "this is not an object");
    }

    /// <summary>The configuration as JSON (RFC 8259).</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="isIndented">True: by two spaces, with a final line feed. False: on one line.</param>
    public static string ToJson(Configuration configuration, bool isIndented = true)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return JsonEmitter.Emit(DocumentSchema.Write(configuration), isIndented);
    }
}
