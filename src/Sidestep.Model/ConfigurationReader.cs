using System.Text;
using Sidestep.Model.Schema;
using Sidestep.Model.Validation;
using Sidestep.Model.Yaml;

namespace Sidestep.Model;

/// <summary>Reads the configuration document.</summary>
public static class ConfigurationReader
{
    /// <summary>Reads and checks a document completely: all errors are reported, not only the first.</summary>
    /// <param name="yaml">The text of the document; beyond <see cref="Limits.DocumentBytes"/> it is refused unread.</param>
    /// <param name="host">The machine that the configuration is for; null leaves out the checks against it.</param>
    /// <returns>A configuration, or at least one error. Never throws because of the document.</returns>
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

    /// <summary>Reads every value on its own; null when there is no document.</summary>
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
