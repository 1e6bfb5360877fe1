using System.Text;
using Sidestep.Model.Documents;
using Sidestep.Model.Schema;
using Sidestep.Model.Validation;

namespace Sidestep.Model;

/// <summary>Reads configuration documents, in YAML or JSON.</summary>
public static class ConfigurationReader
{
    /// <summary>Reads and checks a whole document, and reports all errors, not only the first.</summary>
    /// <param name="text">The text of the document: JSON if its first character is a brace, otherwise YAML. A text of
    /// more than <see cref="Limits.DocumentBytes"/> bytes is not parsed.</param>
    /// <param name="host">The interfaces and addresses of the director's machine; null: skips the checks against
    /// them.</param>
    /// <returns>A configuration, or at least one error. The method never throws because of the document.</returns>
    public static ConfigurationResult Read(string text, HostInfo? host)
    {
        ArgumentNullException.ThrowIfNull(text);
        var issues = new IssueList();
        var root = Bind(text, issues);
        if (root is not null)
            ConfigurationRules.Check(new ConfigurationDocument(root, host), issues);
        return new ConfigurationResult(
            issues.HasErrors ? null : DocumentSchema.Build(root!), issues.Errors, issues.Warnings);
    }

    /// <summary>Parses the document and reads each value on its own; null if no document could be parsed.</summary>
    internal static BoundMapping? Bind(string text, IssueList issues)
    {
        if (Encoding.UTF8.GetByteCount(text) > Limits.DocumentBytes)
        {
            issues.Error(DocumentPath.Root, new Position(1, 1), null,
                $"the document is larger than {Limits.DocumentBytes} bytes",
                "Check that this is the configuration file");
            return null;
        }
        return Parse(text, issues) is { } node
            && DocumentSchema.Kind.TryBind(node, DocumentPath.Root, issues, out var root) ? root : null;
    }

    /// <summary>The document as nodes; null if it was reported as invalid.</summary>
    internal static Node? Parse(string text, IssueList issues) =>
        JsonParser.IsJson(text) ? JsonParser.Parse(text, issues) : YamlParser.Parse(text, issues);
}
