using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>A forwarding thread, pinned to a CPU: it receives frames, runs the pipeline on them, and sends
/// them.</summary>
internal abstract class Worker : IDisposable
{
    private const int WaitMilliseconds = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Thread _thread;
    private readonly int _cpu;
    private readonly Action<string> _log;
    private bool _stop;
    private bool _sharesCpu;
    private Action? _pendingAction;
    private string? _reported;

    /// <param name="name">Name of the thread in the kernel, at most 15 characters.</param>
    /// <param name="cpu">Number of the CPU that it is pinned to.</param>
    /// <param name="log">Receives the first problem.</param>
    protected Worker(string name, int cpu, Action<string> log)
    {
        (Name, _cpu, _log) = (name, cpu, log);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Name of the thread in the kernel.</summary>
    internal string Name { get; }

    /// <summary>Counters of the worker; any thread may read them.</summary>
    internal abstract WorkerCounters Figures { get; }

    /// <summary>Bytes of managed memory that the thread has allocated.</summary>
    protected long AllocatedBytes { get; private set; }

    /// <summary>Number of the CPU that it is pinned to.</summary>
    internal int Cpu => _cpu;

    /// <summary>True if other workers run on the same CPU. Then the worker yields after every round, because nothing
    /// else would preempt it while frames arrive.</summary>
    internal bool SharesCpu { set => Volatile.Write(ref _sharesCpu, value); }

    /// <summary>Starts the worker's thread.</summary>
    internal void Start() => _thread.Start();

    /// <summary>Stops the thread and waits for it, then releases its resources.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _stop, true);
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) is false)
            _thread.Join();
        Close();
    }

    /// <summary>Runs an action on the worker's thread, between two rounds, and waits for it. Before the thread has
    /// started, it runs on the caller's.</summary>
    protected void RunBetweenPolls(Action action)
    {
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            action();
            return;
        }
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _pendingAction, () =>
        {
            try
            {
                action();
                done.SetResult();
            }
#pragma warning disable CA1031 // rethrown on the calling thread
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Processes a bounded number of waiting frames.</summary>
    /// <returns>False when no frame was waiting.</returns>
    protected abstract bool Poll();

    /// <summary>Waits for frames, at most this long. An interface that is down receives none.</summary>
    protected abstract void Wait(int milliseconds);

    /// <summary>Releases the worker's resources.</summary>
    protected abstract void Close();

    private void Run()
    {
        TryOrReport(() => Kernel.PinThread(_cpu));
        // Any other thread on this CPU would add its run time to the latency of every waiting frame (adr/0041).
        TryOrReport(Kernel.PreferThread);
        while (!Volatile.Read(ref _stop))
        {
            if (Volatile.Read(ref _pendingAction) is { } action)
            {
                Volatile.Write(ref _pendingAction, null);
                action();
            }
            try
            {
                // Allocations are measured after frames alone: waiting may allocate within the run time.
                if (!Poll())
                {
                    Wait(WaitMilliseconds);
                    continue;
                }
                AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();
                if (Volatile.Read(ref _sharesCpu))
                    Thread.Yield();
            }
#pragma warning disable CA1031 // one frame must not stop the forwarding of all others
            catch (Exception e)
#pragma warning restore CA1031
            {
                ReportOnce(e);
                Thread.Sleep(Pause);
            }
        }
    }

    private void TryOrReport(Action action)
    {
        try
        {
            action();
        }
        catch (NativeException e)
        {
            ReportOnce(e); // the worker still works, but slower
        }
    }

    /// <summary>Logs the first problem; later ones are ignored.</summary>
    protected void ReportOnce(Exception problem)
    {
        if (_reported is null)
            _log(_reported = $"{Name}: {problem.Message}");
    }
}
