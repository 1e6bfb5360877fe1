namespace Sidestep.Daemon;

/// <summary>Notices that the engine is no longer attached to an interface: it was deleted and created again, or another
/// program detached the engine. Not safe for threads.</summary>
/// <param name="isAttached">Asks the kernel.</param>
/// <param name="attachAgain">Requests another attempt.</param>
/// <param name="time">The clock of the attempts.</param>
/// <remarks>The next hops report most changes of interfaces, but not one that is deleted and comes back with the same
/// index and Ethernet address between two looks.</remarks>
internal sealed class AttachmentWatch(Func<bool> isAttached, Action attachAgain, TimeProvider time)
{
    /// <summary>Each attempt that fails doubles the pause before the next one.</summary>
    internal static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    private TimeSpan _pause = FirstPause;
    private long? _lastAttempt;

    /// <summary>Compares once.</summary>
    /// <exception cref="Forwarding.EngineException">It cannot be read.</exception>
    internal void Check()
    {
        if (isAttached())
        {
            (_pause, _lastAttempt) = (FirstPause, null);
            return;
        }
        if (_lastAttempt is { } last)
        {
            if (time.GetElapsedTime(last) < _pause)
                return;
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        }
        _lastAttempt = time.GetTimestamp();
        attachAgain();
    }
}
