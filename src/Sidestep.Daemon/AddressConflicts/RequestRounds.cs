using Sidestep.Model;

namespace Sidestep.Daemon.AddressConflicts;

/// <summary>Spreads the requests for all VIPs evenly over rounds of a second or longer. Not safe for threads.</summary>
/// <param name="maxRequestsPerSecond">Requests on all interfaces together.</param>
/// <param name="tick">The time between two calls of <see cref="NextBatch"/>.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestRounds(int maxRequestsPerSecond, TimeSpan tick, TimeProvider time)
{
    private static readonly TimeSpan ShortestRound = TimeSpan.FromSeconds(1);

    private long _started = time.GetTimestamp();
    private VrfAddress[] _round = [];
    private int _next;
    private double _due;

    /// <summary>How long the current round takes: a second, or as long as the rate requires.</summary>
    /// <param name="links">Interfaces that each request leaves by.</param>
    internal TimeSpan Length(int links)
    {
        var seconds = (double)_round.Length * Math.Max(1, links) / maxRequestsPerSecond;
        return seconds > ShortestRound.TotalSeconds ? TimeSpan.FromSeconds(seconds) : ShortestRound;
    }

    /// <summary>The VIPs whose turn it is at this tick. A round that is complete and over is followed by the next
    /// one.</summary>
    /// <param name="vips">All VIPs; read when a round begins.</param>
    /// <param name="links">Interfaces that each request leaves by.</param>
    internal IReadOnlyList<VrfAddress> NextBatch(IEnumerable<VrfAddress> vips, int links)
    {
        if (_next >= _round.Length && time.GetElapsedTime(_started) >= Length(links))
            (_round, _next, _started, _due) = ([.. vips], 0, time.GetTimestamp(), 0);
        _due = Math.Min(_round.Length, _due + Math.Max(1, Math.Ceiling(_round.Length * (tick / Length(links)))));
        var batch = _round[_next..(int)_due];
        _next = (int)_due;
        return batch;
    }
}
