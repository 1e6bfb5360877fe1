using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Sidestep.Hosting.Logging;

/// <summary>Makes loggers that queue one line per event.</summary>
/// <param name="queue">Receives the lines; the caller disposes it.</param>
/// <param name="format">The form of a line.</param>
/// <param name="time">The clock of the time stamps.</param>
internal sealed class LineLoggerProvider(LogQueue queue, ILineFormat format, TimeProvider time) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(queue, format, time);

    public void Dispose()
    {
        // The queue is the caller's.
    }

    private sealed class LineLogger(LogQueue queue, ILineFormat format, TimeProvider time) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        [SuppressMessage("Design", "CA1031:Do not catch general exception types",
            Justification = "The text of an event may call any code, and logging must not throw.")]
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            string text;
            try
            {
                text = formatter(state, exception);
                if (exception is not null)
                    text += Environment.NewLine + exception;
            }
            catch (Exception e)
            {
                text = $"event without its text: {e.GetType()}";
            }
            queue.Add(format.Format(time.GetUtcNow(), logLevel, eventId.Id, text));
        }
    }
}
