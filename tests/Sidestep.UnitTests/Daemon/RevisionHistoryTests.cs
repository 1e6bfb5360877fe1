using Sidestep.Api.Configurations;
using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class RevisionHistoryTests
{
    private readonly ManualTime _time = new();
    private readonly RevisionHistory _history;

    public RevisionHistoryTests() => _history = new RevisionHistory(_time);

    [Fact]
    public void Revision_has_its_time_and_outcome()
    {
        _history.Add(1, "d.yaml", []);
        _history.Add(2, "d.yaml", ["no"]);
        var report = _history.Read("edge1");
        Assert.Equal(("edge1", 0), (report.Director, report.Evicted));
        Assert.Equal(
            [(1, RevisionOutcome.Accepted, _time.GetUtcNow()), (2, RevisionOutcome.Rejected, _time.GetUtcNow())],
            report.Revisions.Select(static r => (r.Number, r.Outcome, r.Time)));
    }

    [Fact]
    public void Oldest_revisions_are_evicted()
    {
        for (var number = 1; number <= RevisionHistory.Capacity + 3; number++)
            _history.Add(number, "d.yaml", []);
        var report = _history.Read("edge1");
        Assert.Equal((3, RevisionHistory.Capacity), (report.Evicted, report.Revisions.Length));
        Assert.Equal(4, report.Revisions[0].Number);
    }
}
