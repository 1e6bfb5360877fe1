using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Hashes passwords one at a time, on a thread of its own: a flood of logins takes one processor and no thread
/// of the pool, which probes and the control loop need.</summary>
internal sealed class PasswordChecks : IDisposable
{
    /// <summary>The most requests that wait.</summary>
    private const int MostWaiting = 16;

    private readonly SemaphoreSlim _turn = new(1);
    private int _waiting;

    /// <summary>Waits for the turn of a request, and runs it.</summary>
    /// <exception cref="HttpStatusException">Too many requests wait (503).</exception>
    internal async Task<T> RunAsync<T>(Func<T> check, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new HttpStatusException(StatusCodes.Status503ServiceUnavailable, "busy",
                $"{MostWaiting} logins wait, which is the limit: try again in a moment");
        }
        try
        {
            await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        try
        {
            return await Task.Factory.StartNew(check, CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
