using Microsoft.Extensions.Logging;

namespace Sidestep.UnitTests.Agent;

/// <summary>A log that passes on number and text of every event, from one thread at a time.</summary>
internal sealed class EventSink(Action<int, string> write) : ILogger
{
    private readonly Lock _gate = new();

    public EventSink(Action<string> write)
        : this((_, text) => write(text))
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
            write(eventId.Id, formatter(state, exception));
    }
}
