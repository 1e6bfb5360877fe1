namespace Sidestep.Agent.Running;

/// <summary>Monotonic time, for everything that waits: a step of the wall clock changes no wait. Only reports and log
/// lines contain wall-clock time.</summary>
internal static class MonotonicTime
{
    /// <summary>A time that does not come.</summary>
    public static readonly TimeSpan Never = TimeSpan.MaxValue;

    /// <summary>The monotonic time now, from an arbitrary origin.</summary>
    public static TimeSpan Monotonic(this TimeProvider time) => time.GetElapsedTime(0);
}
