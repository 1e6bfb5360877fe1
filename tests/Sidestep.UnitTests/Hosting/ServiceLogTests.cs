using Microsoft.Extensions.Logging;
using Sidestep.Hosting.Logging;
using Sidestep.Native;
using Sidestep.UnitTests.Control;
using Journal = Sidestep.Hosting.Logging.Journal;

namespace Sidestep.UnitTests.Hosting;

public sealed class ServiceLogTests : IDisposable
{
    private readonly StringWriter _writer = new() { NewLine = "\n" };
    private readonly ManualTime _time = new();

    [Fact]
    public void Line_has_time_level_and_text()
    {
        _time.Advance(TimeSpan.FromDays(365) + TimeSpan.FromMilliseconds(7));
        Log(isJournal: false, static logger =>
        {
            Write(logger, LogLevel.Information, 0, "one");
            Write(logger, LogLevel.Warning, 0, "two");
            Write(logger, LogLevel.Error, 0, "three");
            Write(logger, LogLevel.Critical, 0, "four");
        });
        Assert.Equal("""
            1971-01-01T00:00:00.007Z info: one
            1971-01-01T00:00:00.007Z warning: two
            1971-01-01T00:00:00.007Z error: three
            1971-01-01T00:00:00.007Z critical: four

            """, _writer.ToString());
    }

    /// <summary>The priorities are those of syslog (RFC 5424 section 6.2.1).</summary>
    [Fact]
    public void Journal_gets_the_priority_and_the_number_in_every_line()
    {
        Log(isJournal: true, static logger =>
        {
            Write(logger, LogLevel.Information, 101, "one");
            Write(logger, LogLevel.Warning, 2, "two\nlines\r\nand more");
            Write(logger, LogLevel.Error, 3, "three");
            Write(logger, LogLevel.Critical, 0, "four");
        });
        Assert.Equal("<6>[101] one\n<4>[2] two\n<4>[2] lines\n<4>[2] and more\n<3>[3] three\n<2>[0] four\n",
            _writer.ToString());
    }

    [Fact]
    public void Exception_follows_the_text()
    {
        Log(isJournal: false, static logger => Write(logger, LogLevel.Error, 0, "what", new FormatException("why")));
        Assert.Equal("1970-01-01T00:00:00.000Z error: what\nSystem.FormatException: why\n", _writer.ToString());
    }

    [Fact]
    public void Text_that_cannot_be_made_is_logged_as_such()
    {
        Log(isJournal: false, static logger => logger.Log(LogLevel.Warning, default, 0, null,
            static (_, _) => throw new InvalidOperationException()));
        Assert.Equal("1970-01-01T00:00:00.000Z warning: event without its text: System.InvalidOperationException\n",
            _writer.ToString());
    }

    [Theory]
    [InlineData("Microsoft.Hosting.Lifetime")]
    [InlineData("System.Net.Http")]
    public void Events_of_libraries_are_not_logged(string category)
    {
        using (var log = ServiceLog.To(_writer, isJournal: false, _time))
            Write(log.Factory.CreateLogger(category), LogLevel.Critical, 0, "noise");
        Assert.Equal("", _writer.ToString());
    }

    [Fact]
    public void Journal_is_recognised_by_the_device_and_inode_of_its_stream()
    {
        // Device 8:17 as statx(2) has it: the major number in the low half. stat(2) has 17 + 8 * 256.
        var file = new FileIdentity(17ul << 32 | 8, 4711, 0, 0, 0);
        Assert.True(Journal.Receives("2065:4711", file));
        Assert.False(Journal.Receives("2065:4712", file));
        Assert.False(Journal.Receives("17:4711", file));
        Assert.False(Journal.Receives(null, file));
        Assert.False(Journal.Receives("2065:4711", null));
    }

    public void Dispose() => _writer.Dispose();

    private static void Write(ILogger logger, LogLevel level, int id, string text, Exception? exception = null) =>
        logger.Log(level, new EventId(id), text, exception, static (t, _) => t);

    private void Log(bool isJournal, Action<ILogger> act)
    {
        using var log = ServiceLog.To(_writer, isJournal, _time);
        act(log.Factory.CreateLogger("Sidestep.Daemon"));
    }
}
