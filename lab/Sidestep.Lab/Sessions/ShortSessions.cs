using System.Collections.Concurrent;
using System.Net;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Sessions;

/// <summary>
/// Sessions shorter than a second that start at a steady rate. They are the new flows, which a changed configuration
/// must send to the new servers immediately.
/// </summary>
internal sealed class ShortSessions(
    ClientAddresses sources, double rate, TimeSpan responseTimeout, SessionsCounter counter,
        Action<SessionFailure> failed)
{
    private const int Requests = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<IPEndPoint, ServiceLoop> _loops = [];
    private int _next;

    public void Begin(IPEndPoint service)
    {
        var stop = new CancellationTokenSource();
        _loops[service] = new ServiceLoop(stop, RunAsync(service, stop.Token));
    }

    /// <summary>Starts no more sessions to the service, and waits until the running ones have ended.</summary>
    public async Task EndAsync(IPEndPoint service)
    {
        if (!_loops.TryRemove(service, out var loop))
            return;
        using var stop = loop.Stop;
        await stop.CancelAsync();
        await loop.Running;
    }

    public Task EndAllAsync() => Task.WhenAll(_loops.Keys.Select(EndAsync));

    private async Task RunAsync(IPEndPoint service, CancellationToken stop)
    {
        var running = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            running.RemoveAll(static t => t.IsCompletedSuccessfully);
            running.Add(OneAsync(service, Interlocked.Increment(ref _next)));
            await Task.Delay(TimeSpan.FromSeconds(1 / rate), stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(running);
    }

    private async Task OneAsync(IPEndPoint service, int number)
    {
        using var session = new Session((ulong)number, sources.For(service, number), service, responseTimeout);
        var error = await session.OpenAsync();
        for (var request = 1; error is null && request < Requests; request++)
        {
            await Task.Delay(Pause);
            error = await session.RequestAsync();
        }
        error ??= await session.CloseAsync();
        if (error is null)
        {
            counter.ShortOk(session.Server!.Value.Name, service.ToString());
            return;
        }
        counter.ShortFailed();
        failed(session.Failure(error));
    }

    private readonly record struct ServiceLoop(CancellationTokenSource Stop, Task Running);
}
