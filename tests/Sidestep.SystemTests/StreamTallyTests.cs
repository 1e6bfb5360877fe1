using Sidestep.Lab.Streams;

namespace Sidestep.SystemTests;

/// <summary>The judge of the numbered datagrams: it must see what is missing, and what came twice, at whatever servers.</summary>
public sealed class StreamTallyTests
{
    [Fact]
    public void What_came_to_no_server_is_lost_also_at_the_end()
    {
        var tally = Of([(0, 0), (0, 2), (1, 0)]);

        var verdict = tally.Judge([4, 1, 1]);

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

            var verdict = tally.Judge([3]);

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

        Assert.Equal((1, 0, 0), (tally.Judge([1]).Sent, tally.Judge([1]).Lost, tally.Judge([1]).Duplicated));
    }

    [Fact]
    public void Senders_that_began_later_are_judged_by_themselves()
    {
        var tally = Of([(0, 0), (0, 1), (5, 0)]);

        Assert.Equal(0, tally.Judge([2]).Lost);
        Assert.Equal((3, 2), (tally.Judge([2, 1], firstSender: 5).Sent, tally.Judge([2, 1], firstSender: 5).Lost));
    }

    private static StreamTally Of(IEnumerable<(int Sender, int Number)> seen)
    {
        var tally = new StreamTally();
        foreach (var (sender, number) in seen)
            tally.Add(sender, number);
        return tally;
    }
}
