using Sidestep.Api.Configurations;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>Errors and warnings that a director sent, in the words of <c>sidestep config check</c>.</summary>
internal static class IssueText
{
    /// <summary>One line without the location.</summary>
    internal static string Of(IssueRecord record) => Issue(record).ToString();

    /// <summary>One line that editors can jump to.</summary>
    /// <param name="record">The error or warning.</param>
    /// <param name="file">Name of the document.</param>
    /// <param name="severity"><c>error</c> or <c>warning</c>.</param>
    internal static string Of(IssueRecord record, string file, string severity) => Issue(record).Format(file, severity);

    private static ConfigurationIssue Issue(IssueRecord record) =>
        new(record.Path, record.Line, record.Column, record.Value, record.Reason, record.Remedy)
        {
            JsonPointer = record.JsonPointer,
            Related = record.Related,
        };
}
