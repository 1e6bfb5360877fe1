using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Faults that show in traffic without a probe, by server. Not safe for threads.</summary>
internal sealed class PassiveSignals(TimeProvider time)
{
    /// <summary>A signal expires when it has not recurred for this long.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromMinutes(5);

    /// <summary>The network causes signals, so their number is bounded.</summary>
    private const int MaxSignals = 10_000;

    private readonly Dictionary<(VrfAddress Server, string Description), PassiveSignal> _signals = [];

    /// <summary>Counts one occurrence of a signal; a new signal is ignored when there are too many.</summary>
    /// <param name="server">The server's own address.</param>
    /// <param name="description">One of few different texts.</param>
    internal void Add(VrfAddress server, string description)
    {
        var now = MonotonicClock.Now(time);
        var isKnown = _signals.TryGetValue((server, description), out var signal);
        if (isKnown && now - signal.Last <= Retention)
        {
            _signals[(server, description)] = signal with { Count = signal.Count + 1, Last = now };
            return;
        }
        if (_signals.Count >= MaxSignals)
            RemoveExpired();
        if (isKnown || _signals.Count < MaxSignals)
            _signals[(server, description)] = new PassiveSignal(1, now, now);
    }

    /// <summary>Removes signals that expired.</summary>
    internal void RemoveExpired()
    {
        var now = MonotonicClock.Now(time);
        foreach (var key in _signals.Where(s => now - s.Value.Last > Retention).Select(static s => s.Key).ToArray())
            _signals.Remove(key);
    }

    /// <summary>The signals of a server as text, the most frequent first.</summary>
    internal ImmutableArray<string> Of(VrfAddress server) => _signals.Count == 0 ? [] :
    [
        .. _signals.Where(s => s.Key.Server == server).OrderByDescending(static s => s.Value.Count)
            .Select(s => string.Create(CultureInfo.InvariantCulture,
                $"{s.Key.Description} ({s.Value.Count} times since "
                    + $"{MonotonicClock.ToWallClock(time, s.Value.First):HH:mm:ss}, last at "
                    + $"{MonotonicClock.ToWallClock(time, s.Value.Last):HH:mm:ss} UTC)")),
    ];

    private readonly record struct PassiveSignal(long Count, DateTimeOffset First, DateTimeOffset Last);
}
