namespace Sidestep.Control.Stores;

/// <summary>Collects changes until one waiter takes them. Safe for threads.</summary>
internal sealed class ChangeSignal(TimeProvider time)
{
    private readonly Lock _gate = new();
    private FileChange _pending;
    private TaskCompletionSource _raised = NewSignal();

    /// <summary>Adds a change to those that are pending.</summary>
    public void Raise(FileChange change)
    {
        lock (_gate)
        {
            _pending |= change;
            _raised.TrySetResult();
        }
    }

    /// <summary>Takes the pending changes; waits for one if there is none.</summary>
    /// <returns><see cref="FileChange.None"/>: there was none until the timeout.</returns>
    public async Task<FileChange> TakeAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        Task raised;
        lock (_gate)
            raised = _raised.Task;
        try
        {
            await raised.WaitAsync(timeout, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return FileChange.None;
        }
        lock (_gate)
        {
            var taken = _pending;
            _pending = FileChange.None;
            _raised = NewSignal();
            return taken;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
