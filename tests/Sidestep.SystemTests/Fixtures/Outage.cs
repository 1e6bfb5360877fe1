using System.Diagnostics;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Measures how long clients get no replies after a change.</summary>
internal static class Outage
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Makes a change that breaks the path to some clients' server, and waits until the path works
    /// again.</summary>
    /// <param name="traffic">Running traffic.</param>
    /// <param name="clients">The clients that must lose datagrams, and get replies again.</param>
    /// <param name="change">Makes the change.</param>
    /// <returns>The longest time of all clients from the first lost datagram to the next reply.</returns>
    public static TimeSpan Measure(Traffic traffic, IReadOnlyCollection<int> clients, Action change)
    {
        var before = traffic.Count;
        change();
        var after = traffic.Count;
        var worst = TimeSpan.Zero;
        foreach (var client in clients)
        {
            TimeSpan? found = null;
            Eventually.True(() =>
                (found = MeasureClient([.. traffic.Snapshot().Skip(before).Where(e => e.Source == client)],
                after)) is not null,
                () => $"client {client} lost nothing, or gets no replies", Longest);
            if (found > worst)
                worst = found!.Value;
        }
        return worst;
    }

    private static TimeSpan? MeasureClient(Exchange[] exchanges, int after)
    {
        var answered = Array.FindIndex(exchanges, e => e.IsAnswered && e.Number >= after
            && exchanges.Any(l => !l.IsAnswered && l.Number < e.Number));
        if (answered < 0)
            return null;
        var lost = Array.FindIndex(exchanges, static e => !e.IsAnswered);
        return Stopwatch.GetElapsedTime(exchanges[lost].SentAt, exchanges[answered].AnsweredAt);
    }
}
