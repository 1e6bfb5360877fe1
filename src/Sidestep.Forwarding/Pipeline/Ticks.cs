namespace Sidestep.Forwarding.Pipeline;

/// <summary>The unit of time of what a pipeline remembers: 2^26 ns, 67 ms. Differences are modulo 2^32.</summary>
internal static class Ticks
{
    private const int Shift = 26;
    private const double PerSecond = 1e9 / (1 << Shift);

    internal static uint At(long nanoseconds) => (uint)(nanoseconds >> Shift);

    /// <summary>Ticks since something was seen. Threads look at the clock at different moments, so what another one has just seen
    /// may be ahead.</summary>
    internal static uint Since(uint seen, uint now) => (uint)Math.Max((int)(now - seen), 0);

    /// <summary>At least so many seconds.</summary>
    internal static uint Of(int seconds) => (uint)Math.Ceiling(seconds * PerSecond);

    /// <summary>How long so many ticks are.</summary>
    internal static TimeSpan Length(uint ticks) => TimeSpan.FromSeconds(ticks / PerSecond);
}
