namespace Sidestep.Agent.Running;

/// <summary>Whether the event loop makes progress, for the watchdog. Not safe for threads.</summary>
internal sealed class TurnProgress(EventLoop loop)
{
    private long _seen = -1;

    /// <summary>True if the loop has ended a turn since the previous call. False: one turn has taken all the time, and
    /// hangs if this lasts.</summary>
    public bool HasTurned()
    {
        var count = loop.TurnCount;
        var hasTurned = count != _seen;
        _seen = count;
        return hasTurned;
    }
}
