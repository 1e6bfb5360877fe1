using Sidestep.Control;

namespace Sidestep.Daemon;

/// <summary>Whether the control loop makes progress, for the watchdog. Not safe for threads.</summary>
/// <param name="loop">The loop.</param>
internal sealed class LoopProgress(ControlLoop loop)
{
    private long _seen = -1;

    /// <summary>True if the loop waits for events, or has begun to wait since the previous call. False: it has worked
    /// on one event all the time, and hangs if this lasts.</summary>
    internal bool HasTurned()
    {
        var waits = loop.Waits;
        var hasTurned = loop.IsWaiting || waits != _seen;
        _seen = waits;
        return hasTurned;
    }
}
