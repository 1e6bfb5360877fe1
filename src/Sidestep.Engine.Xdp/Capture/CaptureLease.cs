using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp.Capture;

/// <summary>The right to capture: control.capture holds the tick that it ends at. One process at a time has it, and renews it;
/// of one that died it ends by itself.</summary>
internal sealed class CaptureLease(StateMaps maps)
{
    /// <summary>How long a dead process still holds it.</summary>
    internal const int Seconds = 3;
    private const int RenewedAfterMilliseconds = 500;
    private uint _until;
    private long _renewed;

    /// <summary>Takes it.</summary>
    /// <exception cref="EngineException">Another process has it.</exception>
    internal void Take()
    {
        var present = Volatile.Read(ref Word);
        if (present != 0 && (int)(present - Ticks.Now) >= 0 || !Exchange(present))
            throw new EngineException($"another 'sidestep capture' of this director is under way, and there can be one at a time: end it first. One that was killed counts as under way for {Seconds} more seconds");
    }

    /// <summary>Keeps it; to be called more often than once a second.</summary>
    /// <exception cref="EngineException">This process slept for so long that another one took it.</exception>
    internal void Renew()
    {
        if (Environment.TickCount64 - _renewed < RenewedAfterMilliseconds)
            return;
        // When it has run out, the program has cleared the word, and it may be taken anew.
        if (!Exchange(_until) && !Exchange(0))
            throw new EngineException("this capture stood still, and another 'sidestep capture' has taken over");
    }

    /// <summary>Gives it back.</summary>
    internal void Return() => Interlocked.CompareExchange(ref Word, 0, _until);

    private ref uint Word => ref maps.Control.Capture;

    private bool Exchange(uint present)
    {
        // 0 means that nobody captures.
        var until = Math.Max(Ticks.Now + Ticks.Of(Seconds), 1);
        if (Interlocked.CompareExchange(ref Word, until, present) != present)
            return false;
        _until = until;
        _renewed = Environment.TickCount64;
        return true;
    }
}
