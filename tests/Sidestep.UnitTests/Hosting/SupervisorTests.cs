using System.Collections.Concurrent;
using Sidestep.Hosting.Supervision;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Hosting;

public sealed class SupervisorTests : IDisposable
{
    private const string Name = "loop";
    private readonly ManualTime _time = new();
    private readonly LoopFailures _failures;
    private readonly ConcurrentQueue<string> _logged = new();
    private readonly Supervisor _supervisor;
    private readonly CancellationTokenSource _stop = new();

    public SupervisorTests()
    {
        _failures = new LoopFailures(_time);
        _supervisor = new Supervisor(_time, _failures, (fault, name) => _logged.Enqueue($"{name}: {fault.Message}"));
    }

    /// <summary>Everything runs on this thread: a loop that fails at once has begun to wait when RunAsync
    /// returns.</summary>
    [Fact]
    public async Task Loop_that_fails_starts_again_after_pauses_that_double_up_to_the_longest()
    {
        var starts = 0;
        var run = _supervisor.RunAsync(Name, _ =>
        {
            starts++;
            throw new FormatException("why");
        }, _stop.Token);
        foreach (var pause in (int[])[100, 200, 400, 800, 1600, 3200, 5000, 5000])
        {
            var before = starts;
            Assert.Equal(TimeSpan.FromMilliseconds(pause), _time.NextDue);
            _time.Advance(TimeSpan.FromMilliseconds(pause - 1));
            Assert.Equal(before, starts);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await Until.TrueAsync(() => starts == before + 1 && _time.NextDue is not null, "it does not happen");
        }
        Assert.Equal(["loop: why"], _logged);
        Assert.Equal(9, Assert.Single(_failures.All).Times);
        Assert.Equal(["loop failed 9 times, last with FormatException: why"], _failures.Problems);
        await _stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Loop_that_works_again_for_a_while_is_no_problem_and_starts_with_the_first_pause()
    {
        var fail = new ConcurrentQueue<TaskCompletionSource>();
        var run = _supervisor.RunAsync(Name, stop =>
        {
            var source = new TaskCompletionSource();
            fail.Enqueue(source);
            return source.Task.WaitAsync(stop);
        }, _stop.Token);
        await FailAsync(fail, 1);
        Assert.Empty(_failures.Problems);
        await FailAsync(fail, 2);
        Assert.Single(_failures.Problems);
        _time.Advance(LoopFailures.RecoveryTime);
        Assert.Empty(_failures.Problems);
        await Until.TrueAsync(() => fail.Count == 3, "it does not happen");
        fail.Last().SetException(new FormatException("again"));
        await Until.TrueAsync(() => _time.NextDue == Supervisor.FirstPause, "it does not happen");
        Assert.Equal(["loop: failure 1", "loop: again"], _logged);
        await _stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Loop_that_ends_by_itself_has_failed()
    {
        var run = _supervisor.RunAsync(Name, static _ => Task.CompletedTask, _stop.Token);
        Assert.Equal(["loop: the loop ended"], _logged);
        await _stop.CancelAsync();
        await run;
    }

    /// <summary>A timeout inside a loop throws the same type as the end of the service.</summary>
    [Fact]
    public async Task Cancellation_of_something_else_is_a_failure_and_cancellation_of_the_loop_is_none()
    {
        var run = _supervisor.RunAsync(Name, static _ => throw new OperationCanceledException("other"), _stop.Token);
        Assert.Equal(["loop: other"], _logged);
        await _stop.CancelAsync();
        await run;
        await _supervisor.RunAsync(Name, static _ => throw new NotSupportedException("not started"), _stop.Token);
        Assert.Single(_logged);
    }

    [Fact]
    public async Task Exception_of_a_loop_that_is_being_cancelled_is_logged_and_ends_it()
    {
        var run = _supervisor.RunAsync(Name, async stop =>
        {
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new FormatException("at the end");
        }, _stop.Token);
        await _stop.CancelAsync();
        await run;
        Assert.Equal(["loop: at the end"], _logged);
    }

    [Fact]
    public void Task_of_a_loop_that_fails_is_a_problem_until_it_succeeds()
    {
        _supervisor.Try("task", static () => throw new FormatException("why"));
        _supervisor.Try("other task", static () => { });
        _time.Advance(TimeSpan.FromHours(1));
        _supervisor.Try("task", static () => throw new FormatException("still"));
        Assert.Equal(["task failed 2 times, last with FormatException: still"], _failures.Problems);
        _supervisor.Try("task", static () => { });
        Assert.Empty(_failures.Problems);
        Assert.Equal(2, Assert.Single(_failures.All).Times);
    }

    [Fact]
    public async Task Task_that_waits_passes_on_its_cancellation_alone()
    {
        await _supervisor.TryAsync("task", static _ => throw new FormatException("why"), _stop.Token);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _supervisor.TryAsync("task", static stop =>
            Task.FromCanceled(stop), _stop.Token));
        Assert.Equal(["task: why"], _logged);
    }

    /// <summary>A probe of each of thousands of servers may fail with the same exception.</summary>
    [Fact]
    public void Failures_that_differ_only_in_their_message_are_logged_once()
    {
        for (var i = 0; i < 100; i++)
            _supervisor.Note("probe", new FormatException($"server {i}"));
        _supervisor.Note("probe", new NotSupportedException("other"));
        Assert.Equal(["probe: server 0", "probe: other"], _logged);
        Assert.Equal(101, Assert.Single(_failures.All).Times);
    }

    [Fact]
    public async Task Thread_starts_again_and_ends_with_its_owner()
    {
        // The test must not continue on the thread that it waits for.
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var starts = 0;
        using (new SupervisedThread(_supervisor, Name, stop =>
        {
            if (++starts == 1)
                throw new FormatException("why");
            second.SetResult();
            stop.WaitHandle.WaitOne();
        }))
        {
            await Until.TrueAsync(() => _time.NextDue is not null, "it does not happen");
            _time.Advance(Supervisor.FirstPause);
            await second.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
        Assert.Equal(["loop: why"], _logged);
    }

    public void Dispose() => _stop.Dispose();

    private async Task FailAsync(ConcurrentQueue<TaskCompletionSource> fail, int number)
    {
        await Until.TrueAsync(() => fail.Count == number, "it does not happen");
        fail.Last().SetException(new FormatException($"failure {number}"));
        await Until.TrueAsync(() => _time.NextDue is not null, "it does not happen");
        _time.Advance(_time.NextDue!.Value);
    }
}
