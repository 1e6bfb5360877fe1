using System.Collections.Immutable;
using Sidestep.Api.Status;
using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Model;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.UnitTests.Daemon;

public sealed class StatusReporterTests
{
    private static readonly Dictionary<ProblemSource, ImmutableArray<string>> None = [];
    private readonly StatusReporter _status = new(new DaemonStatus { Running = true, Starting = true });

    [Fact]
    public void Change_keeps_the_rest()
    {
        _status.Change(static r => r with { Notes = ["a note"] });
        Assert.Equal(["a note"], _status.Current.Notes);
        Assert.True(_status.Current is { Running: true, Starting: true });
    }

    [Fact]
    public void Errors_of_the_file_come_before_those_of_the_change_and_are_cleared_apart()
    {
        _status.SetApplyError("no memory");
        _status.SetFileErrors(["line 1", "line 2"]);
        Assert.Equal(["line 1", "line 2", "no memory"], _status.Current.Errors);
        _status.SetApplyError("no space");
        Assert.Equal(["line 1", "line 2", "no space"], _status.Current.Errors);
        _status.SetFileErrors([]);
        Assert.Equal(["no space"], _status.Current.Errors);
        _status.Applied(NextHopsOf(), isNewest: false, None);
        Assert.Equal(["no space"], _status.Current.Errors);
        _status.Applied(NextHopsOf(), isNewest: true, None);
        Assert.Empty(_status.Current.Errors);
    }

    [Fact]
    public void Problems_are_listed_by_source()
    {
        _status.SetProblems(ProblemSource.Management, ["api"]);
        _status.SetProblems(ProblemSource.Punt, ["punt"]);
        _status.Applied(NextHopsOf(), true, new Dictionary<ProblemSource, ImmutableArray<string>>
        {
            [ProblemSource.Peers] = ["peer"],
            [ProblemSource.Multicast] = ["multicast"],
            [ProblemSource.Retained] = ["retained"],
            [ProblemSource.Health] = ["health"],
        });
        Assert.Equal(["peer", "retained", "multicast", "health", "punt", "api"], _status.Current.Degraded);
        _status.SetProblems(ProblemSource.Management, []);
        Assert.Equal(["peer", "retained", "multicast", "health", "punt"], _status.Current.Degraded);
    }

    [Fact]
    public void New_problems_and_newly_unresolved_servers_are_returned_once()
    {
        var problems = new Dictionary<ProblemSource, ImmutableArray<string>> { [ProblemSource.Peers] = ["peer"] };
        _status.SetProblems(ProblemSource.Management, ["api"]);
        var (unresolved, found) = _status.Applied(NextHopsOf("10.0.0.12", "10.0.0.11"), true, problems);
        Assert.Equal(["10.0.0.11: silent", "10.0.0.12: silent"], unresolved);
        Assert.Equal(["peer"], found);
        Assert.Equal(["10.0.0.11: silent", "10.0.0.12: silent"], _status.Current.Unresolved);
        Assert.False(_status.Current.Starting);

        problems[ProblemSource.Retained] = ["retained"];
        (unresolved, found) = _status.Applied(NextHopsOf("10.0.0.13", "10.0.0.12"), true, problems);
        Assert.Equal(["10.0.0.13: silent"], unresolved);
        Assert.Equal(["retained"], found);
        Assert.Equal(["10.0.0.12: silent", "10.0.0.13: silent"], _status.Current.Unresolved);
    }

    private static NextHopTable NextHopsOf(params string[] unresolved) =>
        new([], new Dictionary<VrfAddress, NextHop>(), unresolved.ToDictionary(VrfAddress.Parse, static _ => "silent"));
}
