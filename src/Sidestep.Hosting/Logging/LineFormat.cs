using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Sidestep.Hosting.Logging;

/// <summary>The form of an event in the log. An implementation is stateless.</summary>
internal interface ILineFormat
{
    /// <summary>The event without a final end of line.</summary>
    /// <param name="time">When it happened.</param>
    /// <param name="level">Its level.</param>
    /// <param name="id">Its number in docs/log-events.md.</param>
    /// <param name="text">Its text.</param>
    string Format(DateTimeOffset time, LogLevel level, int id, string text);
}

/// <summary>The form for terminals and files: time in UTC (ISO 8601), level and text.</summary>
internal sealed class PlainFormat : ILineFormat
{
    public string Format(DateTimeOffset time, LogLevel level, int id, string text) => string.Create(
        CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {Name(level)}: {text}");

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };
}

/// <summary>The form for the journal: priority (sd-daemon(3)), number of the event, text. The journal adds the time and
/// stores the priority.</summary>
internal sealed class JournalFormat : ILineFormat
{
    public string Format(DateTimeOffset time, LogLevel level, int id, string text)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"<{Priority(level)}>[{id}] ");
        // The journal takes every line as an entry of its own.
        return prefix + text.ReplaceLineEndings("\n" + prefix);
    }

    private static int Priority(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => 7,
        LogLevel.Information => 6,
        LogLevel.Warning => 4,
        LogLevel.Error => 3,
        _ => 2,
    };
}
