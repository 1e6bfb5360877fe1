namespace Sidestep.Control.Health;

/// <summary>The distribution of durations, accurate to 6 percent, in fixed memory. Safe for threads.</summary>
public sealed class DurationHistogram
{
    private const int Steps = 16, Octaves = 40;
    private readonly long[] _counts = new long[Octaves * Steps];
    private long _count;
    private long _max;

    /// <summary>Adds a duration; a negative one counts as 0.</summary>
    public void Add(TimeSpan duration)
    {
        var microseconds = Math.Max(0, duration.Ticks / TimeSpan.TicksPerMicrosecond);
        Interlocked.Increment(ref _counts[IndexOf(microseconds)]);
        Interlocked.Increment(ref _count);
        long before;
        while ((before = Volatile.Read(ref _max)) < microseconds
            && Interlocked.CompareExchange(ref _max, microseconds, before) != before)
        {
            // another thread was faster
        }
    }

    /// <summary>The number of durations since the last <see cref="Clear"/>.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>The longest duration, in milliseconds; 0 when there are none.</summary>
    public double MaxMilliseconds => Volatile.Read(ref _max) / 1000d;

    /// <summary>The quantile in milliseconds, rounded up to the end of its step, at most the longest duration; 0 when
    /// there are none.</summary>
    /// <param name="quantile">Above 0, at most 1.</param>
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

    /// <summary>Removes all durations; one that another thread adds meanwhile may be lost.</summary>
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
