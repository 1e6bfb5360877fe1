using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class NeighbourRepliesTests
{
    private const string Director = "020000000002", Server = "020000000011", Other = "020000000099";
    private static readonly NextHopRoute Route4 = Route("10.0.0.11"), Route6 = Route("2001:db8::11");
    private readonly FakeFrames _frames = FakeFrames.Open();
    private readonly NeighbourReplies _replies;

    public NeighbourRepliesTests() => _replies = new NeighbourReplies(_frames);

    [Fact]
    public void ARP_reply_to_the_director_is_recorded_for_its_interface()
    {
        _frames.Arrive(2, Reply(Server));
        Assert.True(_replies.Receive());
        Assert.Equal([new MacAddress(0x0200_0000_0011)], _replies.For(Route4));
        Assert.Empty(_replies.For(Route4 with { Egress = TestDirector.Eth0 with { Index = 3 } }));
    }

    [Fact]
    public void All_hosts_that_answer_are_recorded_once_each()
    {
        _frames.Arrive(2, Reply(Server));
        _frames.Arrive(2, Reply(Other));
        _frames.Arrive(2, Reply(Server));
        Assert.True(_replies.Receive());
        Assert.Equal([0x0200_0000_0011ul, 0x0200_0000_0099ul], _replies.For(Route4).Select(static m => m.Value)
            .Order());
    }

    [Fact]
    public void Cleared_replies_do_not_count()
    {
        _frames.Arrive(2, Reply(Server));
        _replies.Receive();
        _replies.Clear();
        Assert.Empty(_replies.For(Route4));
        Assert.False(_replies.Receive());
    }

    [Fact]
    public void Solicited_overriding_advertisement_is_recorded()
    {
        _frames.Arrive(2, FrameBytes.Advertisement(Other, "2001:db8::11", 0x60, Server));
        Assert.True(_replies.Receive());
        Assert.Equal([new MacAddress(0x0200_0000_0011)], _replies.For(Route6));
    }

    [Theory]
    [InlineData(0x40, Server)] // solicited, does not override: a proxy
    [InlineData(0x20, Server)] // not solicited
    [InlineData(0x60, null)] // no link-layer address
    public void Other_advertisements_are_ignored(int flags, string? option)
    {
        _frames.Arrive(2, FrameBytes.Advertisement(Server, "2001:db8::11", flags, option));
        Assert.False(_replies.Receive());
    }

    [Fact]
    public void Requests_and_replies_to_others_are_ignored()
    {
        _frames.Arrive(2, FrameBytes.Arp(1, Director, Server, "10.0.0.11", Director, "10.0.0.2"));
        // Broadcast by a switch that does not know the director, and meant for another host.
        _frames.Arrive(2, FrameBytes.Arp(2, Director, Server, "10.0.0.11", Other, "10.0.0.2"));
        _frames.Arrive(2, [1]);
        _frames.Arrive(2, Reply(Server)[..30]);
        _frames.Arrive(2, FrameBytes.Frame(FrameBytes.Ip("fe80::1", "fe80::2", 58, [129, 0, 0, 0, 0, 0, 0, 0])));
        Assert.False(_replies.Receive());
        Assert.Empty(_replies.For(Route4));
    }

    private static NextHopRoute Route(string address) =>
        new(TestDirector.Eth0, IPAddress.Parse(address), false, IPAddress.Parse("10.0.0.2"));

    private static byte[] Reply(string mac) => FrameBytes.Arp(2, Director, mac, "10.0.0.11", Director, "10.0.0.2");
}
