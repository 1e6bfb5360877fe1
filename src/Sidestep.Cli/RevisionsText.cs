using System.Globalization;
using Sidestep.Api.Configurations;
using Sidestep.Forwarding;

namespace Sidestep.Cli;

/// <summary>Writes revisions of the configuration for people.</summary>
internal static class RevisionsText
{
    /// <summary>Writes a line for each revision: number, time in UTC, outcome, its author or file, and
    /// the reason; its errors below.</summary>
    internal static void Write(RevisionsReport report, TextWriter output)
    {
        if (report.Evicted > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{report.Evicted} earlier revisions are no longer there"));
        foreach (var revision in report.Revisions)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{revision.Number} {revision.Time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} "
                + $"{CounterName.Of(revision.Outcome)} {revision.Author ?? revision.Origin}{NoteOf(revision)}"));
            foreach (var error in revision.Errors)
                output.WriteLine($"  {error}");
        }
    }

    private static string NoteOf(RevisionRecord revision) =>
        (revision.RollbackTo is { } number ? FormattableString.Invariant($", rollback to {number}") : "")
        + (revision.Reason is { } reason ? $": {reason}" : "");
}
