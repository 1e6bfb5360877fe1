namespace Sidestep.Agent.Running;

/// <summary>Exponential back-off between attempts: 1 s, doubled after each failure, at most 30 s.</summary>
internal sealed class RetryDelay
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1), Max = TimeSpan.FromSeconds(30);
    private TimeSpan _next = First;

    /// <summary>The time to wait after a failure.</summary>
    public TimeSpan Next()
    {
        var delay = _next;
        _next = delay + delay < Max ? delay + delay : Max;
        return delay;
    }

    /// <summary>Starts again after a success.</summary>
    public void Reset() => _next = First;
}
