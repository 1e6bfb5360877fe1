using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class RestoredPartsTests
{
    private readonly ManualTime _time = new();
    private readonly RestoredParts _parts;

    public RestoredPartsTests() => _parts = new RestoredParts(_time);

    [Fact]
    public void Parts_are_counted_with_the_time_of_the_last()
    {
        _parts.Add("b");
        _parts.Add("a");
        _time.Advance(TimeSpan.FromSeconds(5));
        _parts.Add("b");
        Assert.Equal([("a", 1, TimeSpan.FromSeconds(-5)), ("b", 2, TimeSpan.Zero)],
            _parts.All.Select(p => (p.Part, p.Times, p.LastAt - _time.GetUtcNow())));
    }

    /// <summary>A single loss may be an accident. Three have a cause that the operator must remove.</summary>
    [Fact]
    public void Part_that_is_gone_three_times_is_an_alarm_until_it_stays_for_ten_minutes()
    {
        _parts.Add("a");
        _parts.Add("a");
        Assert.Empty(_parts.Alarms(Hint));
        _parts.Add("b");
        _parts.Add("a");
        Assert.Equal(["a was gone 3 times and was restored each time; ask networkd"], _parts.Alarms(Hint));
        _time.Advance(RestoredParts.AlarmDuration);
        Assert.Empty(_parts.Alarms(Hint));
        _parts.Add("a");
        Assert.Equal(["a was gone 4 times and was restored each time; ask networkd"], _parts.Alarms(Hint));
    }

    private static string Hint() => "; ask networkd";
}
