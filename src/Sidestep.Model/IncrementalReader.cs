using System.Text;
using Sidestep.Model.Incremental;
using Sidestep.Model.Schema;
using Sidestep.Model.Validation;

namespace Sidestep.Model;

/// <summary>Reads successive versions of one document. If only one pool or service has changed, only that one is parsed
/// again.</summary>
/// <remarks>The result is always that of <see cref="ConfigurationReader"/>. The rules check the whole document each
/// time, and the whole document is parsed whenever the difference does not determine its meaning. Not
/// thread-safe.</remarks>
public sealed class IncrementalReader
{
    private PreviousDocument? _previous;

    /// <summary>Like <see cref="ConfigurationReader.Read"/>, with the same result.</summary>
    /// <param name="yaml">The text of the document.</param>
    /// <param name="host">The interfaces and addresses of the director's machine; null: skips the checks against
    /// them.</param>
    public ConfigurationResult Read(string yaml, HostInfo? host)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        if (ReadDifference(yaml, host) is { } result)
            return result;
        var issues = new IssueList();
        var root = ConfigurationReader.Bind(yaml, issues);
        bool isKnown = root is not null && !issues.HasAny;
        if (root is not null)
            ConfigurationRules.Check(new ConfigurationDocument(root, host), issues);
        var configuration = issues.HasErrors ? null : DocumentSchema.Build(root!);
        _previous = isKnown ? PreviousDocument.Of(yaml, root!, configuration) : null;
        return new ConfigurationResult(configuration, issues.Errors, issues.Warnings);
    }

    private ConfigurationResult? ReadDifference(string yaml, HostInfo? host)
    {
        if (_previous is null || Encoding.UTF8.GetByteCount(yaml) > Limits.DocumentBytes
            || _previous.Read(yaml) is not { } read)
            return null;
        var issues = new IssueList();
        ConfigurationRules.Check(new ConfigurationDocument(read.Root, host), issues);
        // An issue contains its line.
        if (issues.HasAny && !read.HasLines)
            return null;
        var configuration = issues.HasErrors ? null : read.Configuration ?? DocumentSchema.Build(read.Root);
        _previous = read with { Configuration = configuration ?? read.Configuration };
        return new ConfigurationResult(configuration, issues.Errors, issues.Warnings);
    }
}
