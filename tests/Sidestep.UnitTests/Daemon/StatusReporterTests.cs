using System.Collections.Immutable;
using System.Net;
using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Model;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.UnitTests.Daemon;

public sealed class StatusReporterTests
{
    private static readonly Dictionary<ProblemSource, ImmutableArray<string>> None = [];
    private readonly TestLog _log = new();
    private readonly List<DaemonReport> _written = [];
    private readonly StatusReporter _status;
    private Exception? _failure;

    public StatusReporterTests() => _status = new StatusReporter(
        new DaemonReport
        {
            ProcessId = 7,
            Started = DateTimeOffset.UnixEpoch,
            ConfigurationFile = "d.yaml",
            IsStarting =
        true
        }, report =>
        {
            if (_failure is not null)
                throw _failure;
            _written.Add(report);
        }, _log.Log);

    [Fact]
    public void Every_change_is_written()
    {
        _status.Change(static r => r with { Notes = ["a note"] });
        Assert.Equal(["a note"], Assert.Single(_written).Notes);
        Assert.Equal(_written[0], _status.Current);
        Assert.True(_status.Current.IsStarting);
    }

    [Fact]
    public void Errors_of_the_file_come_before_those_of_the_change_and_are_cleared_apart()
    {
        _status.SetApplyError("no memory");
        _status.SetFileErrors(["line 1", "line 2"]);
        Assert.Equal(["line 1", "line 2", "no memory"], _written[^1].Errors);
        _status.SetApplyError("no space");
        Assert.Equal(["line 1", "line 2", "no space"], _written[^1].Errors);
        _status.SetFileErrors([]);
        Assert.Equal(["no space"], _written[^1].Errors);
        _status.Applied(NextHopsOf(), isNewest: false, None);
        Assert.Equal(["no space"], _written[^1].Errors);
        _status.Applied(NextHopsOf(), isNewest: true, None);
        Assert.Empty(_written[^1].Errors);
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
        Assert.Equal(["peer", "retained", "multicast", "health", "punt", "api"], _written[^1].Degraded);
        _status.SetProblems(ProblemSource.Management, []);
        Assert.Equal(["peer", "retained", "multicast", "health", "punt"], _written[^1].Degraded);
    }

    [Fact]
    public void New_problems_and_newly_unresolved_servers_are_returned_once()
    {
        var problems = new Dictionary<ProblemSource, ImmutableArray<string>> { [ProblemSource.Peers] = ["peer"] };
        _status.SetProblems(ProblemSource.Management, ["api"]);
        var (unresolved, found) = _status.Applied(NextHopsOf("10.0.0.12", "10.0.0.11"), true, problems);
        Assert.Equal(["10.0.0.11: silent", "10.0.0.12: silent"], unresolved);
        Assert.Equal(["peer"], found);
        Assert.Equal(["10.0.0.11: silent", "10.0.0.12: silent"], _written[^1].Unresolved);
        Assert.False(_written[^1].IsStarting);

        problems[ProblemSource.Retained] = ["retained"];
        (unresolved, found) = _status.Applied(NextHopsOf("10.0.0.13", "10.0.0.12"), true, problems);
        Assert.Equal(["10.0.0.13: silent"], unresolved);
        Assert.Equal(["retained"], found);
        Assert.Equal(["10.0.0.12: silent", "10.0.0.13: silent"], _written[^1].Unresolved);
    }

    [Fact]
    public void Failure_to_write_is_logged_and_the_change_stays()
    {
        _failure = new IOException("disk full");
        _status.SetFileErrors(["line 1"]);
        Assert.Equal(["warning: status report not written: disk full"], _log.Lines);
        _failure = new UnauthorizedAccessException("not allowed");
        _status.Change(static r => r);
        Assert.Equal(2, _log.Lines.Length);
        Assert.Equal(["line 1"], _status.Current.Errors);
    }

    private static NextHopTable NextHopsOf(params string[] unresolved) =>
        new([], new Dictionary<IPAddress, NextHop>(), unresolved.ToDictionary(IPAddress.Parse, static _ => "silent"));
}
