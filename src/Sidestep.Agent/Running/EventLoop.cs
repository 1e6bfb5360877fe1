using Sidestep.Native;

namespace Sidestep.Agent.Running;

/// <summary>The thread that reads and changes the host. It decides when to reconcile and when to report.</summary>
/// <remarks>Kernel notifications wake it at once. It notices a new spec, a requested report and due times when
/// <see cref="EventTimeout"/> ends.</remarks>
internal sealed class EventLoop(IKernelEvents events, Reconciler reconciler, Reporter reporter, TimeProvider time,
    ILogger log)
{
    /// <summary>How often the settings are read whose changes the kernel does not notify.</summary>
    public static readonly TimeSpan SettingsInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a turn waits for notifications.</summary>
    public static readonly TimeSpan EventTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Time between reconciliations: at least, at most without an event, and after an error.</summary>
    public static readonly TimeSpan MinPassInterval = TimeSpan.FromMilliseconds(50),
        FullInterval = TimeSpan.FromSeconds(10), RetryDelay = TimeSpan.FromSeconds(2);

    private readonly OngoingErrors _errors = new();
    private TimeSpan _nextFull, _nextSettings, _notBefore;
    private bool _isPending;
    private long _turnCount;

    /// <summary>How many turns have ended. May be read by any thread.</summary>
    public long TurnCount => Interlocked.Read(ref _turnCount);

    /// <summary>Works until the token is cancelled. The host keeps its configuration then.</summary>
    public void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
            Turn(events.Wait(EventTimeout));
    }

    /// <summary>One turn: reads settings, reconciles and reports, each if it is due.</summary>
    /// <param name="hasEvents">True: the kernel has notified a change since the last turn.</param>
    internal void Turn(bool hasEvents)
    {
        var now = time.Monotonic();
        // An event that comes before _notBefore stays pending.
        _isPending |= hasEvents || now >= _nextFull || reconciler.HasNewSpec;
        if (now >= _nextSettings)
        {
            _nextSettings = now + SettingsInterval;
            _isPending |= reconciler.ReadSettings();
        }
        if (_isPending && now >= _notBefore)
        {
            _isPending = false;
            _nextFull = now + FullInterval;
            _notBefore = now + MinPassInterval;
            TryRun("reconcile", reconciler.Reconcile, log.PassFailed);
        }
        if (reporter.IsDue)
            TryRun("report", reporter.Report, log.ReportFailed);
        Interlocked.Increment(ref _turnCount);
    }

    /// <summary>Logs an error once, and makes the next pass due after <see cref="RetryDelay"/>.</summary>
    private void TryRun(string name, Action action, Action<string> logFailure)
    {
        try
        {
            action();
            _errors.End(name);
        }
#pragma warning disable CA1031 // a pass that fails must not stop the reports, nor the next pass
        catch (Exception e)
#pragma warning restore CA1031
        {
            var reason = e switch
            {
                AgentException a => $"{a.Message}: {a.Remedy}",
                NativeException or IOException or UnauthorizedAccessException => e.Message,
                _ => $"unexpected error: {e}".ReplaceLineEndings(" "),
            };
            if (_errors.IsNew(name, reason))
                logFailure(reason);
            _notBefore = time.Monotonic() + RetryDelay;
            _isPending = true;
        }
    }
}
