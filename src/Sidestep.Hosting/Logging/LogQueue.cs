using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Sidestep.Hosting.Logging;

/// <summary>Lines that wait for a writer. A thread of its own writes them, so that a caller never waits or fails. When
/// the writer is slow, lines are dropped and counted. Safe for threads.</summary>
internal sealed class LogQueue : IDisposable
{
    /// <summary>Most lines that wait. The start and a change log fewer; only a blocked writer lets so many
    /// wait.</summary>
    internal const int Capacity = 4096;

    /// <summary>The number of the event that says how many lines were dropped.</summary>
    private const int LinesDroppedId = 1;

    /// <summary>How long the end of the program waits for the writer.</summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<string> _lines = new(Capacity);
    private readonly TextWriter _writer;
    private readonly ILineFormat _format;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private long _dropped;
    private long _allDropped;
    private bool _closed;

    /// <param name="writer">Receives the lines.</param>
    /// <param name="format">The form of the line that says how many were dropped.</param>
    /// <param name="time">The clock of that line.</param>
    internal LogQueue(TextWriter writer, ILineFormat format, TimeProvider time)
    {
        (_writer, _format, _time) = (writer, format, time);
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <summary>Lines that were dropped since the start, because the writer was slow or failed. Any thread.</summary>
    internal long Dropped => Interlocked.Read(ref _allDropped);

    /// <summary>Queues a line, or drops it when the queue is full or closed.</summary>
    internal void Add(string line)
    {
        try
        {
            if (_lines.TryAdd(line))
                return;
        }
        catch (InvalidOperationException)
        {
            // closed (or disposed): the program ends
        }
        CountDropped();
    }

    /// <summary>Closes the queue, and waits until its lines are written, but not for a writer that blocks.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, true))
            return;
        _lines.CompleteAdding();
        if (_thread.Join(FlushTimeout))
            _lines.Dispose();
    }

    private void Run()
    {
        foreach (var line in _lines.GetConsumingEnumerable())
        {
            Write(line);
            WriteDropped();
        }
        WriteDropped();
    }

    private void WriteDropped()
    {
        if (Interlocked.Exchange(ref _dropped, 0) is var dropped and > 0
            && !TryWrite(_format.Format(_time.GetUtcNow(), LogLevel.Warning, LinesDroppedId,
                string.Create(CultureInfo.InvariantCulture, $"{dropped} lines of the log were dropped: ")
                + "what reads standard error is too slow")))
            Interlocked.Add(ref _dropped, dropped);
    }

    private void Write(string line)
    {
        if (!TryWrite(line))
            CountDropped();
    }

    /// <returns>False: a full disk, for example, or a reader that is gone. A later line says how many are
    /// missing.</returns>
    private bool TryWrite(string line)
    {
        try
        {
            _writer.WriteLine(line);
            return true;
        }
#pragma warning disable CA1031 // whatever a writer throws costs this line alone
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private void CountDropped()
    {
        Interlocked.Increment(ref _dropped);
        Interlocked.Increment(ref _allDropped);
    }
}
