using System.Collections.Concurrent;
using System.Text;
using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

/// <summary>A log in memory.</summary>
internal sealed class TestLog
{
    private readonly ConcurrentQueue<string> _lines = new();

    public TestLog() => Log = new Log(new LineWriter(_lines), new ManualTime());

    public Log Log { get; }

    /// <summary>The lines without their time stamps: level and text.</summary>
    public string[] Lines => [.. _lines.Select(static l => l[(l.IndexOf(' ', StringComparison.Ordinal) + 1)..])];

    private sealed class LineWriter(ConcurrentQueue<string> lines) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => lines.Enqueue(value!);
    }
}
