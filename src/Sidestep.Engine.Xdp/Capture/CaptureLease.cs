using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp.Capture;

/// <summary>The exclusive right to capture: control.capture holds the tick at which it ends. One process at a time
/// holds and renews the lease. The lease of a process that died expires.</summary>
internal sealed class CaptureLease(StateMaps maps)
{
    /// <summary>Seconds until the lease expires without renewal.</summary>
    internal const int Seconds = 3;
    private const int RenewedAfterMilliseconds = 500;
    private uint _until;
    private long _renewed;

    /// <summary>Takes the lease, so that this process may capture.</summary>
    /// <exception cref="EngineException">Another process holds the lease.</exception>
    internal void Take()
    {
        var present = Volatile.Read(ref Word);
        if (present != 0 && (int)(present - Ticks.Now) >= 0 || !Exchange(present))
            throw new EngineException(
                "another 'sidestep capture' of this director is running, and only one can run at a time: end it first. "
                + $"The lease of one that was killed expires after {Seconds} seconds");
    }

    /// <summary>Renews the lease. Call it more often than once a second.</summary>
    /// <exception cref="EngineException">This process slept so long that another one took the lease.</exception>
    internal void Renew()
    {
        if (Environment.TickCount64 - _renewed < RenewedAfterMilliseconds)
            return;
        // After expiry, the program has cleared the word, and the lease can be taken again.
        if (!Exchange(_until) && !Exchange(0))
            throw new EngineException(
                "this capture stopped renewing its lease, and another 'sidestep capture' has taken it");
    }

    /// <summary>Releases the lease, unless another process has taken it.</summary>
    internal void Return() => Interlocked.CompareExchange(ref Word, 0, _until);

    private ref uint Word => ref maps.Control.Capture;

    private bool Exchange(uint present)
    {
        // 0 means that capture is off.
        var until = Math.Max(Ticks.Now + Ticks.Of(Seconds), 1);
        if (Interlocked.CompareExchange(ref Word, until, present) != present)
            return false;
        _until = until;
        _renewed = Environment.TickCount64;
        return true;
    }
}
