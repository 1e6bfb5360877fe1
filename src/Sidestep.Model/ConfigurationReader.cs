using System.Text;
using Sidestep.Model.Schema;
using Sidestep.Model.Validation;
using Sidestep.Model.Yaml;

namespace Sidestep.Model;

/// <summary>Reads configuration documents.</summary>
public static class ConfigurationReader
{
    /// <summary>Reads and checks a whole document, and reports all errors, not only the first.</summary>
    /// <param name="yaml">The text of the document. A text of more than <see cref="Limits.DocumentBytes"/> bytes is not
    /// parsed.</param>
    /// <param name="host">The interfaces and addresses of the director's machine; null: skips the checks against
    /// them.</param>
    /// <returns>A configuration, or at least one error. The method never throws because of the document.</returns>
    public static ConfigurationResult Read(string yaml, HostInfo? host)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        var issues = new IssueList();
        var root = Bind(yaml, issues);
        if (root is not null)
            ConfigurationRules.Check(new ConfigurationDocument(root, host), issues);
        return new ConfigurationResult(
            issues.HasErrors ? null : DocumentSchema.Build(root!), issues.Errors, issues.Warnings);
    }

    /// <summary>Parses the document and reads each value on its own; null if no document could be parsed.</summary>
    internal static BoundMapping? Bind(string yaml, IssueList issues)
    {
        if (Encoding.UTF8.GetByteCount(yaml) > Limits.DocumentBytes)
        {
            issues.Error("", new Position(1, 1), null, $"the document is larger than {Limits.DocumentBytes} bytes",
                "Check that this is the configuration file");
            return null;
        }
        var node = YamlParser.Parse(yaml, issues);
        return node is not null && DocumentSchema.Kind.TryBind(node, "", issues, out var root) ? root : null;
    }
}
