using System.Diagnostics.CodeAnalysis;

namespace Sidestep.Hosting.Supervision;

/// <summary>Runs the background loops of a service. A loop that fails is logged and counted, and starts again after a
/// pause: it stops neither the other loops nor the service. Safe for threads.</summary>
/// <param name="time">The clock of the pauses.</param>
/// <param name="failures">Counts the failures.</param>
/// <param name="log">Logs a failure: the exception, and what failed. The same exception in a row is logged
/// once.</param>
[SuppressMessage("Design", "CA1031:Do not catch general exception types",
    Justification = "An unexpected exception stops only what threw it.")]
public sealed class Supervisor(TimeProvider time, LoopFailures failures, Action<Exception, string> log)
{
    /// <summary>The pause before a loop starts again: it doubles with every failure in a row, from the first to the
    /// longest.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Runs a loop until cancelled. A loop that ends by itself has failed, too.</summary>
    /// <param name="name">Name in log and status: <c>health checks</c>, for example.</param>
    /// <param name="loop">The loop; ends when its token is cancelled. It may start again after any exception.</param>
    /// <param name="cancellation">Ends the loop; then this method returns without an exception.</param>
    public async Task RunAsync(string name, Func<CancellationToken, Task> loop, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(loop);
        while (!cancellation.IsCancellationRequested)
        {
            int inARow;
            try
            {
                await loop(cancellation).ConfigureAwait(false);
                if (cancellation.IsCancellationRequested)
                    return;
                inARow = Failed(name, new InvalidOperationException("the loop ended"));
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                inARow = Failed(name, e);
            }
            // If it is cancelled during the pause, the condition of the loop ends the method.
            await Task.Delay(PauseAfter(inARow), time, cancellation)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Runs one of several tasks of a loop. If it fails, the others continue, and it is a problem until it
    /// succeeds.</summary>
    /// <param name="name">Name in log and status.</param>
    /// <param name="task">The task.</param>
    public void Try(string name, Action task)
    {
        ArgumentNullException.ThrowIfNull(task);
        try
        {
            task();
            failures.End(name);
        }
        catch (Exception e)
        {
            Failed(name, e, lasts: true);
        }
    }

    /// <summary>The same for a task that waits.</summary>
    /// <param name="name">Name in log and status.</param>
    /// <param name="task">The task.</param>
    /// <param name="cancellation">Passed to the task.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public async Task TryAsync(string name, Func<CancellationToken, Task> task, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        try
        {
            await task(cancellation).ConfigureAwait(false);
            failures.End(name);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            Failed(name, e, lasts: true);
        }
    }

    /// <summary>Counts and logs an exception that has been caught.</summary>
    /// <param name="name">What failed.</param>
    /// <param name="fault">The exception.</param>
    public void Note(string name, Exception fault) => Failed(name, fault);

    private static TimeSpan PauseAfter(int inARow) =>
        Math.Pow(2, inARow - 1) is var factor && factor < LongestPause / FirstPause
            ? FirstPause * factor : LongestPause;

    private int Failed(string name, Exception fault, bool lasts = false)
    {
        var (inARow, isNew) = failures.Add(name, fault, lasts);
        if (isNew)
            log(fault, name);
        return inARow;
    }
}
