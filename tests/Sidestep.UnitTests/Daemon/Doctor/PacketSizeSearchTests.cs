using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class PacketSizeSearchTests
{
    [Fact]
    public void Expected_size_is_tried_first_and_ends_the_search_when_it_passes()
    {
        var search = Search(1480);
        Assert.Equal(1480, search.NextBytes);
        Assert.False(search.IsComplete);
        search.RecordReply(1480);
        Assert.True(search.IsComplete);
        Assert.Equal(new PacketSizeEvidence(1480, 1480, null), search.Evidence);
    }

    [Fact]
    public void Small_size_is_tried_second_and_ends_the_search_when_it_is_lost()
    {
        var search = Search(1480);
        search.RecordLoss(1480);
        Assert.Equal(200, search.NextBytes);
        Assert.False(search.IsComplete);
        search.RecordLoss(200);
        Assert.True(search.IsComplete);
        Assert.Equal(new PacketSizeEvidence(1480, null, null), search.Evidence);
    }

    [Theory]
    [InlineData(1480, 1400)]
    [InlineData(1480, 1473)]
    [InlineData(1480, 201)]
    [InlineData(9000, 1500)]
    public void Bisection_finds_the_largest_size_within_eight_bytes(int expected, int passes)
    {
        var search = Search(expected);
        var rounds = 0;
        for (; !search.IsComplete; rounds++)
        {
            Assert.True(rounds < 16);
            var size = search.NextBytes;
            if (size <= passes)
                search.RecordReply(size);
            else
                search.RecordLoss(size);
        }
        Assert.InRange(search.Evidence.PassedBytes!.Value, passes - 8, passes);
    }

    [Fact]
    public void Middle_between_passed_and_lost_is_tried()
    {
        var search = Search(1480);
        search.RecordLoss(1480);
        search.RecordReply(200);
        Assert.Equal(840, search.NextBytes);
        search.RecordLoss(840);
        Assert.Equal(520, search.NextBytes);
        search.RecordReply(520);
        Assert.Equal(680, search.NextBytes);
    }

    [Fact]
    public void Late_reply_to_the_expected_size_ends_the_search()
    {
        var search = Search(1480);
        search.RecordLoss(1480);
        search.RecordReply(200);
        search.RecordReply(1480);
        Assert.True(search.IsComplete);
        Assert.Equal(1480, search.Evidence.PassedBytes);
    }

    [Fact]
    public void Late_reply_to_a_size_that_was_taken_for_lost_reopens_the_search_above_it()
    {
        var search = Search(1480);
        search.RecordLoss(1480);
        search.RecordReply(200);
        search.RecordLoss(840);
        search.RecordReply(840);
        Assert.False(search.IsComplete);
        Assert.Equal(1160, search.NextBytes);
    }

    [Fact]
    public void Smaller_reply_and_larger_loss_change_nothing()
    {
        var search = Search(1480);
        search.RecordLoss(1000);
        search.RecordLoss(1480);
        search.RecordReply(600);
        search.RecordReply(200);
        Assert.Equal(800, search.NextBytes);
        Assert.Equal(600, search.Evidence.PassedBytes);
    }

    internal static PacketSizeSearch Search(int expectedBytes) => new()
    {
        NextHop = new NextHop(TestDirector.Eth0, TestDirector.Web1),
        Encap = Encap.Layer2,
        Server = IPAddress.Parse("10.0.0.11"),
        Vip = IPAddress.Parse("203.0.113.10"),
        ExpectedBytes = expectedBytes,
    };
}
