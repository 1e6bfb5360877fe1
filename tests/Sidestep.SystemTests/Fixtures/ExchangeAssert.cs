using System.Diagnostics;
using System.Globalization;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Judges exchanges.</summary>
internal static class ExchangeAssert
{
    /// <summary>Every datagram was answered.</summary>
    /// <param name="exchanges">All of them.</param>
    /// <param name="sources">Only those of these clients; null: of all.</param>
    public static void AllAnswered(IReadOnlyList<Exchange> exchanges, Func<int, bool>? sources = null)
    {
        var lost = exchanges.Where(e => !e.IsAnswered && sources?.Invoke(e.Source) != false).ToArray();
        var start = exchanges[0].SentAt;
        Assert.True(lost.Length == 0, string.Create(CultureInfo.InvariantCulture, $"{lost.Length} of {exchanges.Count} datagrams were not answered: ")
            + string.Join(", ", lost.Take(20).Select(e => string.Create(CultureInfo.InvariantCulture,
                $"#{e.Number} of client {e.Source} after {Stopwatch.GetElapsedTime(start, e.SentAt).TotalMilliseconds:0} ms"))));
        Assert.True(exchanges.Count >= 100, "hardly anything was sent");
    }

    /// <summary>Which server answers each client; fails when one client was answered by several.</summary>
    public static Dictionary<int, byte> ServerByClient(IEnumerable<Exchange> exchanges) => exchanges.Where(static e => e.IsAnswered)
        .GroupBy(static e => e.Source).ToDictionary(static g => g.Key, static g => Assert.Single(g.Select(static e => e.Server).Distinct()));
}
