namespace Sidestep.Agent.Running;

/// <summary>Requests to reload. Those that come during a reload are one further reload. All members are
/// thread-safe.</summary>
internal sealed class ReloadRequests
{
    private TaskCompletionSource _requested = NewSignal();

    /// <summary>Requests a reload that begins after this call.</summary>
    public void Request() => Volatile.Read(ref _requested).TrySetResult();

    /// <summary>Reloads once for all requests up to now, again and again.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task RunAsync(Action reload, CancellationToken cancellation)
    {
        while (true)
        {
            await _requested.Task.WaitAsync(cancellation).ConfigureAwait(false);
            Interlocked.Exchange(ref _requested, NewSignal());
            reload();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
