using System.Collections.Concurrent;
using Sidestep.Api.Status;
using Sidestep.Control.Health;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>Checks run when they are due, and their results reach the tracker.</summary>
public sealed class ProbeSchedulerTests : IAsyncDisposable
{
    private static readonly HealthMonitor Monitor = Tcp
        with
    { Interval = TimeSpan.FromSeconds(1), JitterPercent = 0, Rise = 2 };
    private readonly ManualTime _time = new();
    private readonly FakeProbePath _path = new();
    private readonly HealthTracker _tracker;
    private readonly ProbeScheduler _scheduler;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Exception> _faults = new();
    private Task _run = Task.CompletedTask;

    public ProbeSchedulerTests()
    {
        _tracker = new HealthTracker(_time, null, null, null, static _ => { });
        _scheduler = new ProbeScheduler(_tracker, _path, _time, new Random(1), _faults.Enqueue);
    }

    [Fact]
    public async Task Checks_of_an_applied_configuration_run_until_the_server_is_up_and_then_at_their_interval()
    {
        Start();
        Apply(_tracker, Configuration(1, Monitor));
        // A check without a status is due within 100 ms, and every 100 ms until it has one.
        await AdvanceAsync(100, 1);
        await AdvanceAsync(100, 2);
        Assert.Equal([Key(1), Key(1)], _path.Probed);
        Assert.Equal(HealthStatus.Up, _tracker.Report()[0].DsrPath);

        await AdvanceAsync(899, 2);
        await AdvanceAsync(101, 3);
        Assert.Equal(3, _scheduler.Figures().Started);
    }

    [Fact]
    public async Task Configuration_that_comes_before_the_start_is_checked_too()
    {
        Apply(_tracker, Configuration(3, Monitor));
        Start();
        await AdvanceAsync(100, 3);
        Assert.Equal([Address(1), Address(2), Address(3)], _path.Probed.Select(static k => k.Address)
            .OrderBy(static a => a.ToString()));
        Assert.Equal(3, _scheduler.Figures().Checks);
    }

    [Fact]
    public async Task Removed_checks_end_and_their_results_are_ignored()
    {
        Start();
        Apply(_tracker, Configuration(2, Monitor));
        await AdvanceAsync(100, 2);
        Apply(_tracker, Configuration(1, Monitor));
        await AdvanceAsync(100, 3);
        await AdvanceAsync(1000, 4);
        Assert.DoesNotContain(Address(2), _path.Probed[2..].Select(static k => k.Address));
        Assert.Equal(1, _scheduler.Figures().Checks);
    }

    [Fact]
    public async Task Probe_in_flight_is_counted_and_its_check_is_not_started_again()
    {
        var reply = new TaskCompletionSource<ProbeResult>();
        _path.Reply = (_, _) => reply.Task;
        Start();
        Apply(_tracker, Configuration(1, Monitor));
        await AdvanceAsync(100, 1);
        Assert.Equal((1, 1L, 0L), InFlightStartedSkipped());
        await AdvanceAsync(5000, 1);
        reply.SetResult(ProbeResult.Success);
        // Due every 100 ms, from within the first 100 ms on: the probe that runs next is the one of now.
        await Until
            .TrueAsync(() => _scheduler.Figures() is { Skipped: > 0, Started: > 1 }, "the check does not run again");
        Assert.InRange(_scheduler.Figures().Skipped, 48, 50);
    }

    [Fact]
    public async Task Lateness_is_measured_from_when_the_check_was_due()
    {
        _path.Reply = static async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return ProbeResult.Success;
        };
        Start();
        Apply(_tracker, Configuration(1, Monitor));
        await AdvanceAsync(1000, 1);
        var late = _scheduler.Figures().Late;
        Assert.Equal(1, late.Count);
        Assert.InRange(late.Longest, 900, 1000);
        Assert.Equal(late.Longest, late.Median);
    }

    [Fact]
    public async Task Lateness_shows_the_last_complete_30_seconds()
    {
        _path.Reply = static (_, _) => Task.FromResult(ProbeResult.NotSent("no route"));
        Start();
        Apply(_tracker, Configuration(1, Monitor));
        await AdvanceAsync(100, 1);
        // The time would pass by a check that is not queued again yet.
        await Until.TrueAsync(() => _time.NextDue is not null, "the check is not scheduled again");
        _time.Advance(TimeSpan.FromSeconds(31));
        // The check is late, and due again at once.
        await Until.TrueAsync(() => _path.Probed.Length == 3, "the check does not run twice");
        // The first 30 seconds are over, with their one probe.
        Assert.Equal(1, _scheduler.Figures().Late.Count);
    }

    [Fact]
    public async Task Removal_and_admission_times_are_those_of_the_tracker()
    {
        Start();
        var configuration = Configuration(1, Monitor);
        Apply(_tracker, configuration);
        await AdvanceAsync(100, 1);
        await AdvanceAsync(100, 2);
        // The result of a probe is recorded on another thread.
        await Until.TrueAsync(() => _tracker.Report().Single().Healthy, "the server does not become healthy");
        _time.Advance(TimeSpan.FromMilliseconds(7));
        Apply(_tracker, configuration);
        Assert.Equal(new DurationStats(1, 7, 7, 7), _scheduler.Figures().Admission);
        Assert.Equal(0, _scheduler.Figures().Removal.Count);
    }

    /// <summary>The servers behind the one whose probe fails in the director are probed on, and it keeps its
    /// health.</summary>
    [Fact]
    public async Task Unexpected_exception_ends_one_probe_and_is_no_verdict_about_the_server()
    {
        Start();
        Apply(_tracker, Configuration(2, Monitor with { Fall = 1 }));
        await AdvanceAsync(100, 2);
        await AdvanceAsync(100, 4);
        await UntilUpAsync();
        _path.Reply = static (check, _) => check.Key.Address == Address(1)
            ? throw new FormatException("why") : Task.FromResult(ProbeResult.Success);
        for (var probes = 6; probes <= 12; probes += 2)
            await AdvanceAsync(1000, probes);
        await Until.TrueAsync(() => _faults.Count == 4, "the exceptions are not passed on");
        Assert.All(_faults, static e => Assert.Equal("why", e.Message));
        await UntilUpAsync();
        await Until.TrueAsync(() => _scheduler.Figures().InFlight == 0, "a probe has not ended");
    }

    /// <summary>A timeout within a probe throws the same type as the end of the scheduler.</summary>
    [Fact]
    public async Task Cancellation_that_the_scheduler_did_not_request_is_an_unexpected_exception()
    {
        _path.Reply = static (_, _) => Task.FromException<ProbeResult>(new TaskCanceledException("timeout"));
        Start();
        Apply(_tracker, Configuration(1, Monitor));
        await AdvanceAsync(100, 1);
        await AdvanceAsync(100, 2);
        await Until.TrueAsync(() => _faults.Count == 2, "the exceptions are not passed on");
        Assert.Equal(HealthStatus.Unknown, _tracker.Report()[0].DsrPath);
        Assert.EndsWith("the director failed: TaskCanceledException: timeout", _tracker.Report()[0].Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_waits_for_probes_in_flight()
    {
        var ended = false;
        _path.Reply = async (_, cancellation) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                ended = true;
            }
            return ProbeResult.Success;
        };
        Start();
        Apply(_tracker, Configuration(1, Monitor));
        await AdvanceAsync(100, 1);
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(ended);
        Assert.Equal(0, _scheduler.Figures().InFlight);
        // A probe that the end cancelled says nothing about its server.
        Assert.Equal(HealthStatus.Unknown, _tracker.Report()[0].DsrPath);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(30));
        _scheduler.Dispose();
        _stop.Dispose();
    }

    private Task UntilUpAsync() => Until.TrueAsync(
        () => _tracker.Report().All(static s => s.DsrPath == HealthStatus.Up), "a server is not up");

    private void Start() => _run = _scheduler.RunAsync(_stop.Token);

    private (int, long, long) InFlightStartedSkipped()
    {
        var figures = _scheduler.Figures();
        return (figures.InFlight, figures.Started, figures.Skipped);
    }

    /// <summary>Lets time pass, and waits until so many probes have started since the beginning.</summary>
    private async Task AdvanceAsync(int milliseconds, int started)
    {
        // The scheduler must have seen the checks and wait by the clock, or the time would pass it by.
        await Until
            .TrueAsync(() => _time.NextDue is not null
            || _scheduler.Figures().InFlight > 0, "the scheduler does not wait");
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        await Until.TrueAsync(() => _path.Probed.Length >= started, $"fewer than {started} probes");
        Assert.Equal(started, _path.Probed.Length);
    }
}
