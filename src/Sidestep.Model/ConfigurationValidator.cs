using System.Collections.Immutable;

namespace Sidestep.Model;

/// <summary>Checks configurations that were not read from a text: from a form, a request or another store.</summary>
/// <remarks>The rules and their messages are those of <see cref="ConfigurationReader"/>, because the configuration is
/// checked as the document that <see cref="ConfigurationWriter"/> makes of it.</remarks>
public static class ConfigurationValidator
{
    /// <summary>Checks a configuration, and reports all errors, not only the first.</summary>
    /// <param name="configuration">Its values may be invalid.</param>
    /// <param name="host">The interfaces and addresses of the director's machine; null: skips the checks against
    /// them.</param>
    /// <param name="source">Where the values were written; null: issues have a JSON Pointer and no line.</param>
    /// <returns>An equal configuration, or at least one error.</returns>
    public static ConfigurationResult Validate(Configuration configuration, HostInfo? host, ISourceMap? source = null)
    {
        var read = ConfigurationReader.Read(ConfigurationWriter.ToJson(configuration, isIndented: false), host);
        return read with { Errors = Relocate(read.Errors, source), Warnings = Relocate(read.Warnings, source) };
    }

    private static ImmutableArray<ConfigurationIssue> Relocate(
        ImmutableArray<ConfigurationIssue> issues, ISourceMap? source)
    {
        SourceLocation Locate(string jsonPointer) => source?.Locate(jsonPointer) ?? new SourceLocation(jsonPointer);
        return
        [
            .. issues.Select(issue =>
            {
                var location = Locate(issue.JsonPointer);
                return issue with
                {
                    Line = location.Line,
                    Column = location.Column,
                    Related = issue.Related is { } related ? Locate(related.JsonPointer) : null,
                };
            }),
        ];
    }
}
