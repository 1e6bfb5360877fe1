namespace Sidestep.Daemon;

/// <summary>Which revisions of the configuration the daemon has tried to apply. Safe for threads.</summary>
/// <param name="time">The clock of timeouts.</param>
internal sealed class TriedRevisions(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _number;
    private bool _isInForce;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Notes the result of a revision, and of those before it.</summary>
    internal void Add(long number, bool isInForce)
    {
        lock (_gate)
        {
            if (number < _number)
                return;
            (_number, _isInForce) = (number, isInForce);
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    /// <summary>Waits until a revision, or a newer one, was tried.</summary>
    /// <returns>True: it is in force. False: it cannot be applied. Null: it was not tried until the timeout.</returns>
    internal async Task<bool?> WaitAsync(long number, TimeSpan timeout, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_number >= number)
                    return _isInForce;
                changed = _changed.Task;
            }
            var rest = timeout - time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero)
                return null;
            try
            {
                await changed.WaitAsync(rest, time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
