using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class TriedRevisionsTests
{
    private readonly ManualTime _time = new();
    private readonly TriedRevisions _tried;

    public TriedRevisionsTests() => _tried = new TriedRevisions(_time);

    [Fact]
    public async Task Result_of_a_revision_counts_for_those_before_it()
    {
        var (second, third) = (WaitAsync(2), WaitAsync(3));
        _tried.Add(1, true);
        Assert.False(second.IsCompleted);
        _tried.Add(2, false);
        Assert.False(await second);
        Assert.False(third.IsCompleted);
        _tried.Add(4, true);
        Assert.True(await third);
        Assert.True(await WaitAsync(2));
        _tried.Add(3, false); // An older one that ended later.
        Assert.True(await WaitAsync(4));
    }

    [Fact]
    public async Task Revision_that_is_not_tried_in_time_has_no_result()
    {
        var first = WaitAsync(1);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(await first);
    }

    private Task<bool?> WaitAsync(long number) =>
        _tried.WaitAsync(number, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
}
