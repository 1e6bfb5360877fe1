namespace Sidestep.Hosting.Supervision;

/// <summary>A loop that blocks, on a thread of its own, under a <see cref="Supervisor"/>.</summary>
public sealed class SupervisedThread : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    /// <summary>Starts the thread.</summary>
    /// <param name="supervisor">Starts the loop again after a failure.</param>
    /// <param name="name">Name of the loop, and of its thread.</param>
    /// <param name="loop">The loop; ends when its token is cancelled.</param>
    public SupervisedThread(Supervisor supervisor, string name, Action<CancellationToken> loop)
    {
        ArgumentNullException.ThrowIfNull(supervisor);
        _run = supervisor.RunAsync(name, stop => OnThread(name, loop, stop), _stop.Token);
    }

    /// <summary>Runs a loop that blocks on a new thread: it must not occupy one of the pool.</summary>
    /// <param name="name">Name of the thread.</param>
    /// <param name="loop">The loop.</param>
    /// <param name="cancellation">Passed to the loop.</param>
    public static Task OnThread(string name, Action<CancellationToken> loop, CancellationToken cancellation) =>
        Task.Factory.StartNew(() =>
        {
            Thread.CurrentThread.Name = name;
            loop(cancellation);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Cancels the loop, and waits until it has ended.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _run.GetAwaiter().GetResult();
        _stop.Dispose();
    }
}
