using System.Diagnostics;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>How long clients went without answers after something changed.</summary>
internal static class Outage
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Does something that breaks the way to some clients' server, and waits until their way works
    /// again.</summary>
    /// <param name="traffic">Under way.</param>
    /// <param name="clients">Which clients must lose something, and get answers again.</param>
    /// <param name="change">What is done.</param>
    /// <returns>From the first lost datagram to the first answer after it: the worst client's.</returns>
    public static TimeSpan Measure(Traffic traffic, IReadOnlyCollection<int> clients, Action change)
    {
        var before = traffic.Count;
        change();
        var after = traffic.Count;
        var worst = TimeSpan.Zero;
        foreach (var client in clients)
        {
            TimeSpan? found = null;
            Eventually.True(() => (found = MeasureClient([.. traffic.Snapshot().Skip(before).Where(e => e.Source == client)], after)) is not null,
                () => $"client {client} lost nothing, or gets no answers", Longest);
            if (found > worst)
                worst = found!.Value;
        }
        return worst;
    }

    private static TimeSpan? MeasureClient(Exchange[] exchanges, int after)
    {
        var answered = Array.FindIndex(exchanges, e => e.IsAnswered && e.Number >= after && exchanges.Any(l => !l.IsAnswered && l.Number < e.Number));
        if (answered < 0)
            return null;
        var lost = Array.FindIndex(exchanges, static e => !e.IsAnswered);
        return Stopwatch.GetElapsedTime(exchanges[lost].SentAt, exchanges[answered].AnsweredAt);
    }
}
