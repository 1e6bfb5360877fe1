using Microsoft.Extensions.Logging;
using Sidestep.Api.Events;
using Sidestep.Daemon.Events;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Events;

public sealed class EventHistoryTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly EventHistory _history;
    private readonly ILogger _log;

    public EventHistoryTests()
    {
        _history = new EventHistory(_time);
        _log = _history.CreateLogger("Sidestep.Daemon");
    }

    [Fact]
    public void Event_has_its_number_name_level_time_and_text()
    {
        _log.ApiProblem("the socket is gone");
        Assert.Equal(
            [new EventRecord(402, "ApiProblem", EventLevel.Warning, _time.GetUtcNow(), "the socket is gone")],
            _history.Read("edge1").Events);
    }

    [Fact]
    public void Fault_is_named_in_the_text()
    {
        _log.RequestFailed(new FormatException("a fault"), "GET", "/");
        Assert.Equal("GET / failed: FormatException: a fault",
            Assert.Single(_history.Read("edge1").Events).Message);
    }

    [Fact]
    public void Only_the_latest_events_stay_and_the_others_are_counted()
    {
        for (var i = 0; i < EventHistory.Capacity + 5; i++)
            _log.ApiProblem($"problem {i}");
        var report = _history.Read("edge1");
        Assert.Equal((EventHistory.Capacity, 5), (report.Events.Length, report.Evicted));
        Assert.Equal(("problem 5", $"problem {EventHistory.Capacity + 4}"),
            (report.Events[0].Message, report.Events[^1].Message));
    }

    public void Dispose() => _history.Dispose();

    [Fact]
    public void Long_text_is_cut()
    {
        _log.ApiProblem(new string('x', EventHistory.LongestMessage + 1));
        Assert.Equal(EventHistory.LongestMessage, _history.Read("edge1").Events[0].Message.Length);
    }
}
