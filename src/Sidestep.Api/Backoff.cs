namespace Sidestep.Api;

/// <summary>The pauses between attempts that fail: each is twice as long as the one before, up to a longest one. Not
/// safe for threads.</summary>
public sealed class Backoff
{
    private readonly TimeSpan _first, _longest;
    private readonly double _jitter;
    private readonly Random _random;
    private TimeSpan _next;

    /// <summary>Starts with the first pause.</summary>
    /// <param name="first">The pause after the first failure; positive.</param>
    /// <param name="longest">The longest pause; at least <paramref name="first"/>.</param>
    /// <param name="jitter">The largest share by which a pause is shortened at random, from 0 to 1. Many machines that
    /// lost the same peer at the same moment then do not all return at the same moment.</param>
    /// <param name="random">The source of the jitter; null: a shared one.</param>
    public Backoff(TimeSpan first, TimeSpan longest, double jitter = 0, Random? random = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(first, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, first);
        ArgumentOutOfRangeException.ThrowIfNegative(jitter);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(jitter, 1);
        (_first, _longest, _jitter, _next) = (first, longest, jitter, first);
        _random = random ?? Random.Shared;
    }

    /// <summary>The pause after a failure.</summary>
    public TimeSpan Next()
    {
        var pause = _next;
        _next = pause < _longest - pause ? pause + pause : _longest;
        return _jitter == 0 ? pause : pause * (1 - _jitter * _random.NextDouble());
    }

    /// <summary>Starts again with the first pause, after a success.</summary>
    public void Reset() => _next = _first;
}
