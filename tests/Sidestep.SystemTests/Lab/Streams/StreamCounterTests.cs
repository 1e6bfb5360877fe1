using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Streams;

namespace Sidestep.SystemTests.Lab.Streams;

/// <summary>The evaluation of numbered datagrams must detect missing ones and duplicates, at any servers.</summary>
public sealed class StreamCounterTests
{
    [Fact]
    public void A_datagram_received_by_no_server_is_lost_even_if_it_was_the_last()
    {
        var counter = CounterOf([(0, 0), (0, 2), (1, 0)]);

        var verdict = Evaluate(counter, [4, 1, 1]);

        Assert.Equal((6, 3, 0), (verdict.Sent, verdict.Lost, verdict.Duplicated));
        Assert.Equal("number 1 of sender 0 (4 sent)", verdict.FirstLost[0]);
    }

    [Fact]
    public void A_datagram_received_by_two_servers_is_duplicated()
    {
        var path = Path.GetTempFileName();
        try
        {
            CounterOf([(0, 0), (0, 1)]).Save(path);
            var counter = CounterOf([(0, 1), (0, 2)]);
            counter.Load(path);

            var verdict = Evaluate(counter, [3]);

            Assert.Equal((3, 0, 1), (verdict.Sent, verdict.Lost, verdict.Duplicated));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Numbers_that_no_sender_used_are_ignored()
    {
        var counter = CounterOf([(0, -1), (0, int.MaxValue), (9, 0), (0, 0)]);

        Assert.Equal((1, 0, 0),
            (Evaluate(counter, [1]).Sent, Evaluate(counter, [1]).Lost, Evaluate(counter, [1]).Duplicated));
    }

    [Fact]
    public void Senders_that_started_later_are_evaluated_separately()
    {
        var counter = CounterOf([(0, 0), (0, 1), (5, 0)]);

        Assert.Equal(0, Evaluate(counter, [2]).Lost);
        Assert.Equal((3, 2), (Evaluate(counter, [2, 1], 5).Sent, Evaluate(counter, [2, 1], 5).Lost));
    }

    [Fact]
    public void Datagrams_sent_during_an_outage_are_counted_separately()
    {
        var outages = new Outages();
        outages.Begin();
        var within = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        outages.End();

        var verdict = CounterOf([(0, 0)]).Evaluate([[within, within, within - 60_000]], outages);

        Assert.Equal((3, 1, 1), (verdict.Sent, verdict.Lost, verdict.LostWithoutDaemon));
        Assert.Equal("number 2 of sender 0 (3 sent)", Assert.Single(verdict.FirstLost));
    }

    private static StreamResult Evaluate(StreamCounter counter, int[] sent, int firstSender = 0) =>
        counter.Evaluate([.. sent.Select(static n => new long[n])], new Outages(), firstSender);

    private static StreamCounter CounterOf(IEnumerable<(int Sender, int Number)> seen)
    {
        var counter = new StreamCounter();
        foreach (var (sender, number) in seen)
            counter.Add(sender, number);
        return counter;
    }
}
