using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Sidestep.Control.Health;

/// <summary>Passive signs of trouble, by server. Not safe for threads.</summary>
internal sealed class PassiveSignals(TimeProvider time)
{
    /// <summary>What was not seen for so long is forgotten.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromMinutes(5);

    /// <summary>Signs come from the network, so their number is bounded.</summary>
    private const int MaxSignals = 10_000;

    private readonly Dictionary<(IPAddress Server, string What), PassiveSignal> _signals = [];

    internal void Add(IPAddress server, string description)
    {
        var now = time.GetUtcNow();
        if (_signals.TryGetValue((server, description), out var signal))
            _signals[(server, description)] = signal with { Count = signal.Count + 1, Last = now };
        else if (_signals.Count < MaxSignals)
            _signals.Add((server, description), new PassiveSignal(1, now, now));
    }

    /// <summary>Forgets what is old.</summary>
    /// <returns>True when something was.</returns>
    internal bool RemoveExpired()
    {
        var until = time.GetUtcNow() - Retention;
        var expired = _signals.Where(s => s.Value.Last < until).Select(static s => s.Key).ToArray();
        foreach (var key in expired)
            _signals.Remove(key);
        return expired.Length > 0;
    }

    /// <summary>In words, the most frequent first.</summary>
    internal ImmutableArray<string> Of(IPAddress server) => _signals.Count == 0 ? [] :
    [
        .. _signals.Where(s => s.Key.Server.Equals(server)).OrderByDescending(static s => s.Value.Count)
            .Select(static s => string.Create(CultureInfo.InvariantCulture,
                $"{s.Key.What} ({s.Value.Count} times since {s.Value.First:HH:mm:ss}, last at {s.Value.Last:HH:mm:ss} UTC)")),
    ];

    private readonly record struct PassiveSignal(long Count, DateTimeOffset First, DateTimeOffset Last);
}
