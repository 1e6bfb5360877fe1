using Sidestep.Forwarding.LocalApi;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>A thread on a CPU of its own that takes frames, has them decided, and sends them.</summary>
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

    /// <param name="name">For people who look at threads, at most 15 characters.</param>
    /// <param name="cpu">Where it runs.</param>
    /// <param name="log">Gets the first problem.</param>
    protected Worker(string name, int cpu, Action<string> log)
    {
        (Name, _cpu, _log) = (name, cpu, log);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>As the kernel shows the thread.</summary>
    internal string Name { get; }

    /// <summary>What it has done.</summary>
    internal abstract WorkerCounters Figures { get; }

    /// <summary>Managed memory that the thread has allocated.</summary>
    protected long AllocatedBytes { get; private set; }

    /// <summary>Where it runs.</summary>
    internal int Cpu => _cpu;

    /// <summary>Others run there as well, and it takes turns with them: nothing else would end its turn as long as frames come.</summary>
    internal bool SharesCpu { set => Volatile.Write(ref _sharesCpu, value); }

    /// <summary>Begins.</summary>
    internal void Start() => _thread.Start();

    /// <summary>Ends the thread, then gives back what it used.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _stop, true);
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) is false)
            _thread.Join();
        Close();
    }

    /// <summary>Does something on the worker's own thread, between two rounds, and waits for it; before the thread has begun, here.</summary>
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
#pragma warning disable CA1031 // thrown where it was wanted
            catch (Exception e)
#pragma warning restore CA1031
            {
                done.SetException(e);
            }
        });
        done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Handles frames that wait, a bounded number.</summary>
    /// <returns>False: there were none.</returns>
    protected abstract bool Poll();

    /// <summary>Waits for frames, at most that long; nothing comes of an interface that is down.</summary>
    protected abstract void Wait(int milliseconds);

    /// <summary>Gives back what it used.</summary>
    protected abstract void Close();

    private void Run()
    {
        TryOrReport(() => Kernel.PinThread(_cpu));
        // Whatever else runs here would add its time to that of every frame that waits (adr/0041).
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
                // The measure is of frames: waiting may begin anew in the runtime.
                if (!Poll())
                {
                    Wait(WaitMilliseconds);
                    continue;
                }
                AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();
                if (Volatile.Read(ref _sharesCpu))
                    Thread.Yield();
            }
#pragma warning disable CA1031 // one frame must not end the forwarding of all others
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
            ReportOnce(e); // it works on any CPU and in turn with others, only not as fast
        }
    }

    /// <summary>Tells people; the first problem only.</summary>
    protected void ReportOnce(Exception problem)
    {
        if (_reported is null)
            _log(_reported = $"{Name}: {problem.Message}");
    }
}
