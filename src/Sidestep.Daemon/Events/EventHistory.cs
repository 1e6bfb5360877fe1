using System.Diagnostics.CodeAnalysis;
using Sidestep.Api.Events;

namespace Sidestep.Daemon.Events;

/// <summary>Keeps the latest events of the log for <c>sidestep events</c>. Safe for threads.</summary>
/// <param name="time">The clock of the time stamps.</param>
internal sealed class EventHistory(TimeProvider time) : ILoggerProvider
{
    /// <summary>The most events that are kept.</summary>
    internal const int Capacity = 1000;

    /// <summary>The most characters of a text that are kept.</summary>
    internal const int LongestMessage = 4096;

    private readonly BoundedHistory<EventRecord> _events = new(Capacity);

    /// <summary>The kept events, the newest last.</summary>
    internal EventsReport Read(string director)
    {
        var (events, evicted) = _events.Read();
        return new EventsReport(director, evicted, [.. events]);
    }

    public ILogger CreateLogger(string categoryName) => new HistoryLogger(this);

    public void Dispose()
    {
        // The events stay readable until the process ends.
    }

    private sealed class HistoryLogger(EventHistory history) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        [SuppressMessage("Design", "CA1031:Do not catch general exception types",
            Justification = "The text of an event may call any code, and logging must not throw.")]
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            string text;
            try
            {
                text = exception is null ? formatter(state, exception)
                    : $"{formatter(state, exception)}: {exception.GetType().Name}: {exception.Message}";
            }
            catch (Exception e)
            {
                text = $"event without its text: {e.GetType()}";
            }
            history._events.Add(new EventRecord(eventId.Id, eventId.Name ?? "", LevelOf(logLevel), history.UtcNow,
                text.Length <= LongestMessage ? text : text[..LongestMessage]));
        }

        private static EventLevel LevelOf(LogLevel level) => level switch
        {
            LogLevel.Trace or LogLevel.Debug => EventLevel.Debug,
            LogLevel.Information => EventLevel.Information,
            LogLevel.Warning => EventLevel.Warning,
            LogLevel.Error => EventLevel.Error,
            _ => EventLevel.Critical,
        };
    }

    private DateTimeOffset UtcNow => time.GetUtcNow();
}
