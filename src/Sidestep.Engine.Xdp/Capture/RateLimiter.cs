namespace Sidestep.Engine.Xdp.Capture;

/// <summary>Limits the frames per second of all CPUs together; the program limits those of each CPU. The same
/// arithmetic as is_within_rate() of src/bpf/capture.h.</summary>
/// <param name="rate">Frames per second; 0 for no limit.</param>
internal sealed class RateLimiter(int rate)
{
    private readonly long _interval = rate == 0 ? 0 : 1_000_000_000L / rate;
    private long _due;

    /// <summary>True if a frame of this time is within the limit, against which it then counts.</summary>
    /// <param name="time">Time of the frame in nanoseconds.</param>
    internal bool Allows(long time)
    {
        if (_due - time > Layout.Constants.CaptureBurst)
            return false;
        _due = Math.Max(_due, time) + _interval;
        return true;
    }
}
