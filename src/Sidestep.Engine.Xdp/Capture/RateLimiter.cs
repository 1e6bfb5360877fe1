namespace Sidestep.Engine.Xdp.Capture;

/// <summary>So many frames a second of all CPUs together; the program bounds those of each. The same arithmetic as is_within_rate()
/// of src/bpf/capture.h.</summary>
/// <param name="rate">Frames a second; 0: no bound.</param>
internal sealed class RateLimiter(int rate)
{
    private readonly long _interval = rate == 0 ? 0 : 1_000_000_000L / rate;
    private long _due;

    /// <summary>Whether there is room for a frame of this time.</summary>
    /// <param name="time">Nanoseconds.</param>
    internal bool Allows(long time)
    {
        if (_due - time > Layout.Constants.CaptureBurst)
            return false;
        _due = Math.Max(_due, time) + _interval;
        return true;
    }
}
