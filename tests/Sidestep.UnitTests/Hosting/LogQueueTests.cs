using System.Globalization;
using System.Text;
using Sidestep.Hosting.Logging;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Hosting;

public sealed class LogQueueTests
{
    [Fact]
    public void Lines_are_written_in_order_before_the_end()
    {
        using var writer = new StringWriter { NewLine = "\n" };
        using (var queue = new LogQueue(writer, new PlainFormat(), new ManualTime()))
        {
            foreach (var i in Enumerable.Range(0, 1000))
                queue.Add(i.ToString(CultureInfo.InvariantCulture));
        }
        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(static i => $"{i}\n")), writer.ToString());
    }

    [Fact]
    public async Task Writer_that_blocks_costs_lines_and_no_time_and_their_number_is_logged()
    {
        using var writer = new BlockingWriter();
        using var queue = new LogQueue(writer, new PlainFormat(), new ManualTime());
        queue.Add("first");
        await Task.Run(writer.Entered.Wait, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        // One line is with the writer, and the queue takes its capacity.
        await Task.Run(() =>
        {
            foreach (var i in Enumerable.Range(0, LogQueue.Capacity + 7))
                queue.Add("more");
        }, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        writer.Continue.Set();
        queue.Dispose();
        Assert.Equal("first", writer.Lines[0]);
        Assert.Equal("1970-01-01T00:00:00.000Z warning: 7 lines of the log were dropped: what reads standard error "
            + "is too slow", writer.Lines[1]);
        Assert.Equal(LogQueue.Capacity, writer.Lines.Count(static l => l == "more"));
    }

    [Fact]
    public void Writer_that_fails_loses_its_line_only()
    {
        using var writer = new FailingWriter();
        using (var queue = new LogQueue(writer, new PlainFormat(), new ManualTime()))
        {
            queue.Add("lost");
            queue.Add("written");
        }
        Assert.Contains("written", writer.Lines);
        Assert.Contains(writer.Lines, static l => l.Contains("1 lines of the log were dropped",
            StringComparison.Ordinal));
    }

    [Fact]
    public void Lines_that_a_writer_never_takes_are_counted_whatever_it_throws()
    {
        using var writer = new BrokenWriter();
        var queue = new LogQueue(writer, new PlainFormat(), new ManualTime());
        foreach (var i in Enumerable.Range(0, 10))
            queue.Add($"{i}");
        queue.Dispose();
        Assert.Equal(10, queue.Dropped);
    }

    [Fact]
    public void Line_after_the_end_is_ignored()
    {
        using var writer = new StringWriter();
        var queue = new LogQueue(writer, new PlainFormat(), new ManualTime());
        queue.Dispose();
        queue.Add("late");
        Assert.Equal("", writer.ToString());
    }

    private sealed class BlockingWriter : TextWriter
    {
        public ManualResetEventSlim Entered { get; } = new();

        public ManualResetEventSlim Continue { get; } = new();

        public List<string> Lines { get; } = [];

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value)
        {
            Entered.Set();
            Continue.Wait();
            Lines.Add(value!);
        }
    }

    private sealed class BrokenWriter : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => throw new NotSupportedException("no writer");
    }

    private sealed class FailingWriter : TextWriter
    {
        private bool _failed;

        public List<string> Lines { get; } = [];

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value)
        {
            if (!_failed)
            {
                _failed = true;
                throw new IOException("disk full");
            }
            Lines.Add(value!);
        }
    }
}
