using Sidestep.Lab.Scenarios;
using Sidestep.Lab.Streams;

namespace Sidestep.SystemTests;

/// <summary>The judge of the numbered datagrams: it must see what is missing, and what came twice, at whatever servers.</summary>
public sealed class StreamTallyTests
{
    [Fact]
    public void What_came_to_no_server_is_lost_also_at_the_end()
    {
        var tally = Of([(0, 0), (0, 2), (1, 0)]);

        var verdict = Judge(tally, [4, 1, 1]);

        Assert.Equal((6, 3, 0), (verdict.Sent, verdict.Lost, verdict.Duplicated));
        Assert.Equal("number 1 of sender 0 (4 sent)", verdict.FirstLost[0]);
    }

    [Fact]
    public void What_came_to_two_servers_is_doubled()
    {
        var path = Path.GetTempFileName();
        try
        {
            Of([(0, 0), (0, 1)]).Save(path);
            var tally = Of([(0, 1), (0, 2)]);
            tally.Load(path);

            var verdict = Judge(tally, [3]);

            Assert.Equal((3, 0, 1), (verdict.Sent, verdict.Lost, verdict.Duplicated));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Numbers_that_nobody_sent_are_passed_over()
    {
        var tally = Of([(0, -1), (0, int.MaxValue), (9, 0), (0, 0)]);

        Assert.Equal((1, 0, 0), (Judge(tally, [1]).Sent, Judge(tally, [1]).Lost, Judge(tally, [1]).Duplicated));
    }

    [Fact]
    public void Senders_that_began_later_are_judged_by_themselves()
    {
        var tally = Of([(0, 0), (0, 1), (5, 0)]);

        Assert.Equal(0, Judge(tally, [2]).Lost);
        Assert.Equal((3, 2), (Judge(tally, [2, 1], 5).Sent, Judge(tally, [2, 1], 5).Lost));
    }

    [Fact]
    public void What_was_sent_while_nobody_forwarded_is_counted_apart()
    {
        var outages = new Outages();
        outages.Begin();
        var within = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        outages.End();

        var verdict = Of([(0, 0)]).Judge([[within, within, within - 60_000]], outages);

        Assert.Equal((3, 1, 1), (verdict.Sent, verdict.Lost, verdict.LostWithoutDaemon));
        Assert.Equal("number 2 of sender 0 (3 sent)", Assert.Single(verdict.FirstLost));
    }

    private static StreamVerdict Judge(StreamTally tally, int[] sent, int firstSender = 0) =>
        tally.Judge([.. sent.Select(static n => new long[n])], new Outages(), firstSender);

    private static StreamTally Of(IEnumerable<(int Sender, int Number)> seen)
    {
        var tally = new StreamTally();
        foreach (var (sender, number) in seen)
            tally.Add(sender, number);
        return tally;
    }
}
