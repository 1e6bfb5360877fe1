using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Sidestep.Model;

namespace Sidestep.Api.Configurations;

/// <summary>The result of checking a configuration: the output of <c>sidestep config check --json</c>.</summary>
/// <param name="File">Name of the document.</param>
/// <param name="Valid">True if there are no errors.</param>
/// <param name="Errors">What is wrong.</param>
/// <param name="Warnings">What is probably not intended.</param>
public sealed record ConfigurationCheck(string File, bool Valid, ImmutableArray<IssueRecord> Errors,
    ImmutableArray<IssueRecord> Warnings)
{
    /// <summary>The record of a result.</summary>
    /// <param name="file">Name of the document.</param>
    /// <param name="result">The result of reading it.</param>
    public static ConfigurationCheck Of(string file, ConfigurationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new ConfigurationCheck(file, result.Errors.IsEmpty, [.. result.Errors.Select(IssueRecord.Of)],
            [.. result.Warnings.Select(IssueRecord.Of)]);
    }
}

/// <summary>An error or warning; see <see cref="ConfigurationIssue"/>.</summary>
/// <param name="Path">Where in the configuration, as text.</param>
/// <param name="Line">Line in the text, from 1; 0: it was not read from a text.</param>
/// <param name="Column">Column in the line, from 1.</param>
/// <param name="Value">The offending value; null: it is missing, or it is a list or mapping.</param>
/// <param name="Reason">Why it is wrong.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="JsonPointer">Where in the configuration (RFC 6901).</param>
/// <param name="Related">The other place that the reason is about; null: there is none.</param>
public sealed record IssueRecord(string Path, int Line, int Column,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value,
    string Reason, string Remedy, string JsonPointer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] SourceLocation? Related)
{
    /// <summary>The record of an issue.</summary>
    public static IssueRecord Of(ConfigurationIssue issue)
    {
        ArgumentNullException.ThrowIfNull(issue);
        return new(issue.Path, issue.Line, issue.Column, issue.Value, issue.Reason, issue.Remedy, issue.JsonPointer,
            issue.Related);
    }
}
