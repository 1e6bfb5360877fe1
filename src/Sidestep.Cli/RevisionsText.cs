using System.Globalization;
using Sidestep.Api.Configurations;
using Sidestep.Forwarding;

namespace Sidestep.Cli;

/// <summary>Writes revisions of the configuration for people.</summary>
internal static class RevisionsText
{
    /// <summary>Writes a line for each revision: number, time in UTC, outcome and origin; its errors below.</summary>
    internal static void Write(RevisionsReport report, TextWriter output)
    {
        if (report.Evicted > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{report.Evicted} earlier revisions are only in the log"));
        foreach (var revision in report.Revisions)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{revision.Number} {revision.Time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} "
                + $"{CounterName.Of(revision.Outcome)} {revision.Origin}"));
            foreach (var error in revision.Errors)
                output.WriteLine($"  {error}");
        }
    }
}
