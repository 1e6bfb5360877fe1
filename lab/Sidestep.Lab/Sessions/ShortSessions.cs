using System.Collections.Concurrent;
using System.Net;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Sessions;

/// <summary>
/// Sessions of less than a second, begun at a steady rate: the new flows, which a changed configuration must send to the new
/// servers at once.
/// </summary>
internal sealed class ShortSessions(
    ClientAddresses sources, double rate, TimeSpan answerLimit, SessionsTally tally, Action<SessionFailure> failed)
{
    private const int Requests = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<IPEndPoint, Course> _courses = [];
    private int _next;

    public void Begin(IPEndPoint service)
    {
        var stop = new CancellationTokenSource();
        _courses[service] = new Course(stop, RunAsync(service, stop.Token));
    }

    /// <summary>Begins no more to the service, and waits for those that are under way.</summary>
    public async Task EndAsync(IPEndPoint service)
    {
        if (!_courses.TryRemove(service, out var course))
            return;
        using var stop = course.Stop;
        await stop.CancelAsync();
        await course.Running;
    }

    public Task EndAllAsync() => Task.WhenAll(_courses.Keys.Select(EndAsync));

    private async Task RunAsync(IPEndPoint service, CancellationToken stop)
    {
        var running = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            running.RemoveAll(static t => t.IsCompletedSuccessfully);
            running.Add(OneAsync(service, Interlocked.Increment(ref _next)));
            await Task.Delay(TimeSpan.FromSeconds(1 / rate), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(running);
    }

    private async Task OneAsync(IPEndPoint service, int number)
    {
        using var session = new Session((ulong)number, sources.For(service, number), service, answerLimit);
        var error = await session.OpenAsync();
        for (var request = 1; error is null && request < Requests; request++)
        {
            await Task.Delay(Pause);
            error = await session.AskAsync();
        }
        error ??= await session.CloseAsync();
        if (error is null)
        {
            tally.ShortOk(session.Server!.Value.Name, service.ToString());
            return;
        }
        tally.ShortFailed();
        failed(session.Failure(error));
    }

    private readonly record struct Course(CancellationTokenSource Stop, Task Running);
}
