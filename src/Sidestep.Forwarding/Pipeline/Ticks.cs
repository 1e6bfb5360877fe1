namespace Sidestep.Forwarding.Pipeline;

/// <summary>The time unit of flow and fragment tables: 2^26 ns, about 67 ms. Differences are modulo 2^32.</summary>
internal static class Ticks
{
    private const int Shift = 26;
    private const double PerSecond = 1e9 / (1 << Shift);

    /// <summary>The tick of a time in nanoseconds, modulo 2^32.</summary>
    internal static uint At(long nanoseconds) => (uint)(nanoseconds >> Shift);

    /// <summary>Ticks since <paramref name="seen"/>, at least 0: threads read the clock at different moments, so the
    /// tick of another thread may be ahead.</summary>
    internal static uint Since(uint seen, uint now) => (uint)Math.Max((int)(now - seen), 0);

    /// <summary>The number of ticks that last at least this many seconds.</summary>
    internal static uint Of(int seconds) => (uint)Math.Ceiling(seconds * PerSecond);

    /// <summary>The duration of a number of ticks.</summary>
    internal static TimeSpan Length(uint ticks) => TimeSpan.FromSeconds(ticks / PerSecond);
}
