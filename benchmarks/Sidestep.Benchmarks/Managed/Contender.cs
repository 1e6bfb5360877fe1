using Sidestep.Benchmarks.Veth;

namespace Sidestep.Benchmarks.Managed;

/// <summary>A program that receives frames from a veth pair and sends them back, on a CPU of its own, and only in its
/// own rounds.</summary>
internal abstract class Contender(string name, VethPair veth) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly List<double> _samples = [];
    private long _arrived;

    /// <summary>Name of the case in the results.</summary>
    internal string Name => name;

    /// <summary>The veth pair that its frames arrive at and return by.</summary>
    protected VethPair Veth => veth;

    /// <summary>The thread that forwards.</summary>
    protected abstract ForwarderThread Thread { get; }

    /// <summary>Bytes of managed memory allocated per million frames since <see cref="BeginCount"/>.</summary>
    internal virtual long BytesAllocatedPerMillion => 0;

    /// <summary>Starts the count of allocations.</summary>
    internal virtual void BeginCount()
    {
        _samples.Clear();
        _arrived = 0;
    }

    /// <summary>Sends more frames than it can forward, and measures the CPU time of its thread per returned
    /// frame.</summary>
    /// <remarks>The kernel reports exact CPU time only for a thread that does not run, so the thread sleeps at both
    /// ends of a round.</remarks>
    /// <exception cref="BenchmarkException">No frame came back.</exception>
    internal void Round(TrafficGenerator generator, int packets, uint flows)
    {
        var (before, after) = (0.0, 0.0);
        var arrived = generator.Flood(veth, XdpDirector.L2Vip, flows, packets, () =>
        {
            before = Thread.RunNanoseconds;
            Resume();
        }, () =>
        {
            Pause();
            if (!SpinWait.SpinUntil(() => !Thread.IsRunning, Timeout))
                throw new BenchmarkException($"{name} still runs although no more frames arrive");
            after = Thread.RunNanoseconds;
        });
        if (arrived == 0)
            throw new BenchmarkException($"of {packets} packets none came back");
        _samples.Add((after - before) / arrived);
        _arrived += arrived;
    }

    /// <summary>CPU time of the thread per frame, in nanoseconds.</summary>
    internal Distribution Result(int packets)
    {
        Console.Error.WriteLine(
            $"{name}: {100.0 * _arrived / ((long)_samples.Count * packets):0}% of the sent frames came back");
        return new Distribution(_samples);
    }

    /// <summary>Starts a round: the program forwards.</summary>
    protected virtual void Resume()
    {
    }

    /// <summary>Ends a round: the program sleeps.</summary>
    protected virtual void Pause()
    {
    }

    public abstract void Dispose();
}
