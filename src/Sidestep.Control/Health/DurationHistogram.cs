namespace Sidestep.Control.Health;

/// <summary>The distribution of durations, to 6 percent, in a fixed room. Safe for threads.</summary>
public sealed class DurationHistogram
{
    private const int Steps = 16, Octaves = 40;
    private readonly long[] _counts = new long[Octaves * Steps];
    private long _count;
    private long _max;

    /// <summary>Takes one in; what is negative counts as nothing.</summary>
    public void Add(TimeSpan duration)
    {
        var microseconds = Math.Max(0, duration.Ticks / TimeSpan.TicksPerMicrosecond);
        Interlocked.Increment(ref _counts[IndexOf(microseconds)]);
        Interlocked.Increment(ref _count);
        long before;
        while ((before = Volatile.Read(ref _max)) < microseconds && Interlocked.CompareExchange(ref _max, microseconds, before) != before)
        {
            // another thread was faster
        }
    }

    /// <summary>How many there were.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>The longest, in milliseconds.</summary>
    public double MaxMilliseconds => Volatile.Read(ref _max) / 1000d;

    /// <summary>What so large a part did not exceed, in milliseconds, rounded up to the end of its step; 0 when there were none.</summary>
    /// <param name="quantile">0 to 1.</param>
    public double QuantileMilliseconds(double quantile)
    {
        var rest = (long)Math.Ceiling(Count * quantile);
        for (var index = 0; index < _counts.Length && rest > 0; index++)
        {
            rest -= Volatile.Read(ref _counts[index]);
            if (rest <= 0)
                return Math.Min(UpperBoundOf(index) / 1000d, MaxMilliseconds);
        }
        return 0;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Volatile.Write(ref _count, 0);
        Volatile.Write(ref _max, 0);
    }

    private static int IndexOf(long microseconds)
    {
        if (microseconds < Steps)
            return (int)microseconds;
        var octave = long.Log2(microseconds);
        var step = (int)(microseconds >> (int)octave - 4) & Steps - 1;
        return (int)Math.Min((octave - 3) * Steps + step, Octaves * Steps - 1);
    }

    private static long UpperBoundOf(int index) =>
        index < Steps ? index : (long)(index % Steps + Steps + 1) << index / Steps - 1;
}
