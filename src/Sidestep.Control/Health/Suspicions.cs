using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Sidestep.Control.Health;

/// <summary>Passive signs of trouble, by server. Not safe for threads.</summary>
internal sealed class Suspicions(TimeProvider time)
{
    /// <summary>What was not seen for so long is forgotten.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    /// <summary>Signs come from the network, so their number is bounded.</summary>
    private const int MostSigns = 10_000;

    private readonly Dictionary<(IPAddress Server, string What), Sign> _signs = [];

    internal void Add(IPAddress server, string what)
    {
        var now = time.GetUtcNow();
        if (_signs.TryGetValue((server, what), out var sign))
            _signs[(server, what)] = sign with { Count = sign.Count + 1, Last = now };
        else if (_signs.Count < MostSigns)
            _signs.Add((server, what), new Sign(1, now, now));
    }

    /// <summary>Forgets what is old.</summary>
    /// <returns>True when something was.</returns>
    internal bool Forget()
    {
        var until = time.GetUtcNow() - Memory;
        var old = _signs.Where(s => s.Value.Last < until).Select(static s => s.Key).ToArray();
        foreach (var key in old)
            _signs.Remove(key);
        return old.Length > 0;
    }

    /// <summary>In words, the most frequent first.</summary>
    internal ImmutableArray<string> Of(IPAddress server) => _signs.Count == 0 ? [] :
    [
        .. _signs.Where(s => s.Key.Server.Equals(server)).OrderByDescending(static s => s.Value.Count)
            .Select(static s => string.Create(CultureInfo.InvariantCulture,
                $"{s.Key.What} ({s.Value.Count} times since {s.Value.First:HH:mm:ss}, last at {s.Value.Last:HH:mm:ss} UTC)")),
    ];

    private readonly record struct Sign(long Count, DateTimeOffset First, DateTimeOffset Last);
}
