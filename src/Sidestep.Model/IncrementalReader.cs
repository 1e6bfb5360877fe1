using System.Text;
using Sidestep.Model.Incremental;
using Sidestep.Model.Schema;
using Sidestep.Model.Validation;

namespace Sidestep.Model;

/// <summary>Reads versions of one document one after the other: where only one pool or service changed, only that one is
/// parsed again.</summary>
/// <remarks>The result is always the one of <see cref="ConfigurationReader"/>: the rules look at the whole document each
/// time, and where the difference does not settle what the document says, all of it is read. Not safe for threads.</remarks>
public sealed class IncrementalReader
{
    private PreviousDocument? _previous;

    /// <summary>The same as <see cref="ConfigurationReader.Read"/>.</summary>
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
        if (_previous is null || Encoding.UTF8.GetByteCount(yaml) > Limits.DocumentBytes || _previous.Read(yaml) is not { } read)
            return null;
        var issues = new IssueList();
        ConfigurationRules.Check(new ConfigurationDocument(read.Root, host), issues);
        // An issue says its line.
        if (issues.HasAny && !read.HasLines)
            return null;
        var configuration = issues.HasErrors ? null : read.Configuration ?? DocumentSchema.Build(read.Root);
        _previous = read with { Configuration = configuration ?? read.Configuration };
        return new ConfigurationResult(configuration, issues.Errors, issues.Warnings);
    }
}
