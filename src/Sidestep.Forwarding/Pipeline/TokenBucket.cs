namespace Sidestep.Forwarding.Pipeline;

/// <summary>Token bucket that limits the rate of ICMP errors, and of resets without a server: a burst of 64, and one
/// more every 2^20 ns (about 1 ms).</summary>
internal struct TokenBucket
{
    private const uint Burst = 64;
    private const int Shift = 20;

    private uint _tick;
    private uint _tokens;
    private bool _isInitialized;

    /// <summary>Takes one token, which permits one reply.</summary>
    /// <param name="now">Current time in nanoseconds from any start.</param>
    /// <returns>False when the bucket is empty.</returns>
    internal bool TryTake(long now)
    {
        var tick = (uint)(now >> Shift);
        var passed = tick - _tick;
        if (!_isInitialized || passed > 0)
        {
            _tokens = !_isInitialized || passed >= Burst ? Burst : Math.Min(_tokens + passed, Burst);
            (_tick, _isInitialized) = (tick, true);
        }
        if (_tokens == 0)
            return false;
        _tokens--;
        return true;
    }
}
