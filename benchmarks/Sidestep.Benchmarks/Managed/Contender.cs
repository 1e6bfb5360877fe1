using Sidestep.Benchmarks.Veth;

namespace Sidestep.Benchmarks.Managed;

/// <summary>Who takes frames from a cable and sends them back into it, on the CPU kept for that, and only in its own rounds.</summary>
internal abstract class Contender(string name, VethPair veth) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly List<double> _samples = [];
    private long _arrived;

    /// <summary>Of the case.</summary>
    internal string Name => name;

    /// <summary>Its own.</summary>
    protected VethPair Veth => veth;

    /// <summary>That works.</summary>
    protected abstract ForwarderThread Thread { get; }

    /// <summary>Managed memory that a million frames took, since <see cref="BeginCount"/>.</summary>
    internal virtual long BytesAllocatedPerMillion => 0;

    /// <summary>What was before is not counted.</summary>
    internal virtual void BeginCount()
    {
        _samples.Clear();
        _arrived = 0;
    }

    /// <summary>Sends it more frames than it can take, and measures how long its thread ran for each that came back.</summary>
    /// <remarks>The kernel says how long a thread ran when it does not run: at both ends of a round it stands still.</remarks>
    /// <exception cref="BenchmarkException">Nothing came back.</exception>
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
                throw new BenchmarkException($"{name} goes on when nothing comes any more");
            after = Thread.RunNanoseconds;
        });
        if (arrived == 0)
            throw new BenchmarkException($"of {packets} packets none came back");
        _samples.Add((after - before) / arrived);
        _arrived += arrived;
    }

    /// <summary>Nanoseconds of the thread for a frame.</summary>
    internal Distribution Result(int packets)
    {
        Console.Error.WriteLine($"{name}: {100.0 * _arrived / ((long)_samples.Count * packets):0}% of what was sent came back");
        return new Distribution(_samples);
    }

    /// <summary>From now on it works.</summary>
    protected virtual void Resume()
    {
    }

    /// <summary>It ends its round.</summary>
    protected virtual void Pause()
    {
    }

    public abstract void Dispose();
}
