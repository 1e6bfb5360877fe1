using System.Globalization;
using Sidestep.Api.Events;
using Sidestep.Forwarding;

namespace Sidestep.Cli;

/// <summary>Writes events for people.</summary>
internal static class EventsText
{
    /// <summary>Writes a line for each event: time in UTC, level, number and text.</summary>
    internal static void Write(EventsReport report, TextWriter output)
    {
        if (report.Evicted > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{report.Evicted} earlier events are only in the log"));
        foreach (var e in report.Events)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{e.Time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {CounterName.Of(e.Level)} [{e.Id}] {e.Message}"));
    }
}
