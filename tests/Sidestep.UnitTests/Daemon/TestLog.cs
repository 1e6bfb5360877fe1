using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sidestep.UnitTests.Daemon;

/// <summary>A log in memory.</summary>
internal sealed class TestLog
{
    private readonly ConcurrentQueue<string> _lines = new();

    public TestLog() => Log = new Logger(_lines);

    public ILogger Log { get; }

    /// <summary>Level and text of every event.</summary>
    public string[] Lines => [.. _lines];

    private sealed class Logger(ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            var level = logLevel == LogLevel.Information ? "info" : $"{logLevel}".ToLowerInvariant();
            lines.Enqueue($"{level}: {formatter(state, exception)}");
        }
    }
}
