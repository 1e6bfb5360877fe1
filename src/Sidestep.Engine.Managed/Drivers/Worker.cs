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
    private string? _said;

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
    internal abstract WorkerFigures Figures { get; }

    /// <summary>Managed memory that the thread has allocated.</summary>
    protected long AllocatedBytes { get; private set; }

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

    /// <summary>Handles frames that wait, a bounded number.</summary>
    /// <returns>False: there were none.</returns>
    protected abstract bool Poll();

    /// <summary>Waits for frames, at most that long; nothing comes of an interface that is down.</summary>
    protected abstract void Wait(int milliseconds);

    /// <summary>Gives back what it used.</summary>
    protected abstract void Close();

    private void Run()
    {
        Guard(() => Kernel.PinThread(_cpu));
        // Whatever else runs here would add its time to that of every frame that waits (adr/0041).
        Guard(Kernel.PreferThread);
        while (!Volatile.Read(ref _stop))
        {
            try
            {
                // The measure is of frames: waiting may begin anew in the runtime.
                if (Poll())
                    AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();
                else
                    Wait(WaitMilliseconds);
            }
#pragma warning disable CA1031 // one frame must not end the forwarding of all others
            catch (Exception e)
#pragma warning restore CA1031
            {
                Say(e);
                Thread.Sleep(Pause);
            }
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (NativeException e)
        {
            Say(e); // it works on any CPU and in turn with others, only not as fast
        }
    }

    private void Say(Exception problem)
    {
        if (_said is null)
            _log(_said = $"{Name}: {problem.Message}");
    }
}
