using System.Diagnostics;
using System.Globalization;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Assertions about exchanges.</summary>
internal static class ExchangeAssert
{
    /// <summary>Asserts that every datagram was answered.</summary>
    /// <param name="exchanges">The exchanges of all clients.</param>
    /// <param name="sources">The clients that count; null: all.</param>
    public static void AllAnswered(IReadOnlyList<Exchange> exchanges, Func<int, bool>? sources = null)
    {
        var lost = exchanges.Where(e => !e.IsAnswered && sources?.Invoke(e.Source) != false).ToArray();
        var start = exchanges[0].SentAt;
        Assert.True(lost.Length == 0,
            string.Create(CultureInfo.InvariantCulture,
            $"{lost.Length} of {exchanges.Count} datagrams were not answered: ")
            + string.Join(", ", lost.Take(20).Select(e => string.Create(CultureInfo.InvariantCulture,
                $"#{e.Number} of client {e.Source} after "
                    + $"{Stopwatch.GetElapsedTime(start, e.SentAt).TotalMilliseconds:0} ms"))));
        Assert.True(exchanges.Count >= 100, "fewer than 100 datagrams were sent");
    }

    /// <summary>The server of each client; fails when several servers answered one client.</summary>
    public static Dictionary<int, byte> ServerByClient(IEnumerable<Exchange> exchanges) =>
        exchanges.Where(static e => e.IsAnswered)
        .GroupBy(static e => e.Source)
        .ToDictionary(static g => g.Key, static g => Assert.Single(g.Select(static e => e.Server).Distinct()));
}
