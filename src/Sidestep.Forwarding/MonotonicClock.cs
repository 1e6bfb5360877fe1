namespace Sidestep.Forwarding;

/// <summary>The kernel's monotonic clock (CLOCK_MONOTONIC) as points in time: the time since the machine started,
/// counted from 1970. Windows, drains and timeouts end by it, so a step of the wall clock changes none of
/// them.</summary>
/// <remarks>It continues when the daemon starts again, and so do the times in pinned maps and in files below
/// <c>/run</c>. They end with the machine.</remarks>
public static class MonotonicClock
{
    /// <summary>The present time; not the time of day.</summary>
    public static DateTimeOffset Now(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return DateTimeOffset.UnixEpoch + time.GetElapsedTime(0);
    }

    /// <summary>The time of day of a point in time, for people: by the wall clock as it is set now.</summary>
    /// <param name="time">Has both clocks.</param>
    /// <param name="at">A time by this clock.</param>
    public static DateTimeOffset ToWallClock(TimeProvider time, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(time);
        return time.GetUtcNow() - (Now(time) - at);
    }
}
