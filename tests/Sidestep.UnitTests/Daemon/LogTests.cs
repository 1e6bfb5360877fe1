using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class LogTests
{
    [Fact]
    public void Line_has_time_level_and_text()
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var time = new ManualTime();
        time.Advance(TimeSpan.FromDays(365) + TimeSpan.FromMilliseconds(7));
        var log = new Log(writer, time);
        log.Info("one");
        log.Warning("two");
        log.Error("three");
        Assert.Equal(
            "1971-01-01T00:00:00.007Z info: one\n1971-01-01T00:00:00.007Z warning: two\n1971-01-01T00:00:00.007Z "
                + "error: three\n",
            writer.ToString());
    }
}
