namespace Sidestep.Forwarding.Pipeline;

/// <summary>Bounds what a flood of packets that are too big makes the director send: so many at once, and one more every 2^20 ns.</summary>
internal struct TokenBucket
{
    private const uint Burst = 64;
    private const int Shift = 20;

    private uint _tick;
    private uint _tokens;
    private bool _isInitialized;

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
