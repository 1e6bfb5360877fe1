using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api;

/// <summary>Runs requests that take long, each on a thread of its own, and a limited number at once. So they hold
/// neither the threads of the control loop nor those of other requests.</summary>
internal sealed class LongRequests : IDisposable
{
    /// <summary>The most requests at once. Each holds a thread, its own mapping or copy of tables, and a
    /// buffer.</summary>
    internal const int Max = 4;

    private readonly SemaphoreSlim _free = new(Max);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Is cancelled when the daemon stops.</summary>
    internal CancellationToken Stopping => _stop.Token;

    /// <summary>True once the daemon stops.</summary>
    internal bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>Runs a request on a thread of its own.</summary>
    /// <param name="context">The request.</param>
    /// <param name="work">Handles it. The token is cancelled when the client is gone or the daemon stops.</param>
    /// <exception cref="HttpStatusException">Too many requests are running (503).</exception>
    internal async Task<T> RunAsync<T>(HttpContext context, Func<CancellationToken, T> work)
    {
        if (!await _free.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
        {
            throw new HttpStatusException(StatusCodes.Status503ServiceUnavailable, "busy",
                $"{Max} requests for flows, plans, traces and captures are running, which is the limit: try again "
                + "when one of them has ended");
        }
        try
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
            return await Task.Factory.StartNew(() => work(ends.Token), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Runs a request that writes its response itself.</summary>
    /// <exception cref="HttpStatusException">Too many requests are running (503).</exception>
    internal Task RunAsync(HttpContext context, Action<CancellationToken> work) => RunAsync(context, cancellation =>
    {
        work(cancellation);
        return true;
    });

    /// <summary>Cancels all requests.</summary>
    internal void Stop() => _stop.Cancel();

    /// <summary>Cancels all requests, and waits until none uses the engine any more.</summary>
    public void Dispose()
    {
        Stop();
        for (var i = 0; i < Max; i++)
            _free.Wait();
        _free.Dispose();
        _stop.Dispose();
    }
}
