using Microsoft.Extensions.Logging;

namespace Sidestep.Hosting.Logging;

/// <summary>The log of a service: one line per event on standard error. It exists before the host and after
/// it.</summary>
/// <remarks>Its only filter: events of the libraries of .NET are not written. The service logs their consequences
/// itself, with numbers and texts that stay the same when the libraries change.</remarks>
public sealed class ServiceLog : IDisposable
{
    private readonly LogQueue _queue;
    private readonly LineLoggerProvider _provider;

    private ServiceLog(TextWriter writer, ILineFormat format, TimeProvider time)
    {
        _queue = new LogQueue(writer, format, time);
        _provider = new LineLoggerProvider(_queue, format, time);
        var filter = new LoggerFilterOptions { MinLevel = LogLevel.Information };
        filter.Rules.Add(new LoggerFilterRule(null, "Microsoft", LogLevel.None, null));
        filter.Rules.Add(new LoggerFilterRule(null, "System", LogLevel.None, null));
        Factory = new LoggerFactory([_provider], filter);
        AppDomain.CurrentDomain.UnhandledException += Flush;
    }

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory Factory { get; }

    /// <summary>Lines that were dropped since the start, because what reads them is too slow or fails.</summary>
    public long LinesDropped => _queue.Dropped;

    /// <summary>The log on standard error: for the journal if it listens there, otherwise as lines with time and
    /// level.</summary>
    public static ServiceLog OnStandardError(TimeProvider time) => To(Console.Error, Journal.ReceivesStandardError(),
        time);

    /// <summary>The log on a writer.</summary>
    /// <param name="writer">Receives the lines, from one thread.</param>
    /// <param name="isJournal">True: lines have the journal's priority and the number of the event, and no
    /// time.</param>
    /// <param name="time">The clock of the time stamps.</param>
    public static ServiceLog To(TextWriter writer, bool isJournal, TimeProvider time) =>
        new(writer, isJournal ? new JournalFormat() : new PlainFormat(), time);

    /// <summary>Writes what is queued, for at most two seconds.</summary>
    public void Dispose()
    {
        AppDomain.CurrentDomain.UnhandledException -= Flush;
        Factory.Dispose();
        _provider.Dispose();
        _queue.Dispose();
    }

    /// <summary>Writes the lines that still wait: after a crash, the last lines matter most.</summary>
    private void Flush(object sender, UnhandledExceptionEventArgs e) => _queue.Dispose();
}
