using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

/// <summary>Attachments that were lost.</summary>
public sealed class AttachmentWatchTests
{
    private readonly ManualTime _time = new();
    private readonly AttachmentWatch _watch;
    private bool _isAttached = true;
    private int _attempts;

    public AttachmentWatchTests() => _watch = new AttachmentWatch(() => _isAttached, () => _attempts++, _time);

    [Fact]
    public void Nothing_is_requested_while_the_engine_is_attached()
    {
        _watch.Check();
        Assert.Equal(0, _attempts);
    }

    [Fact]
    public void A_lost_attachment_is_requested_at_once_and_then_less_and_less_often()
    {
        _isAttached = false;
        _watch.Check();
        Assert.Equal(1, _attempts);
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], PausesUntilAttempts(8));
    }

    [Fact]
    public void After_a_success_the_next_loss_is_requested_at_once()
    {
        _isAttached = false;
        _watch.Check();
        _isAttached = true;
        _watch.Check();
        _isAttached = false;
        _watch.Check();
        Assert.Equal(2, _attempts);
        Assert.Equal([1, 2], PausesUntilAttempts(2));
    }

    /// <summary>Seconds from each attempt to the next.</summary>
    private List<int> PausesUntilAttempts(int count)
    {
        var pauses = new List<int>();
        for (var seconds = 1; pauses.Count < count; seconds++)
        {
            Assert.True(seconds < 1000);
            var before = _attempts;
            _time.Advance(TimeSpan.FromSeconds(1));
            _watch.Check();
            if (_attempts > before)
                (pauses, seconds) = ([.. pauses, seconds], 0);
        }
        return pauses;
    }
}
