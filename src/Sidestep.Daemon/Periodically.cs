namespace Sidestep.Daemon;

/// <summary>Repeats an action until it is cancelled.</summary>
internal static class Periodically
{
    /// <summary>Runs the action after each interval. Intervals that pass while it runs are skipped.</summary>
    /// <returns>Completes when cancelled, without an exception; fails when the action throws.</returns>
    internal static async Task RunAsync(TimeSpan interval, TimeProvider time, Action action,
        CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
                action();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the normal end
        }
    }
}
