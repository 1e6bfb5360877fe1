using System.Net;
using System.Net.Sockets;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class ProbeSenderTests
{
    private static readonly NextHop NextHopEntry = new(TestDirector.Eth0, TestDirector.Web1);
    private static readonly IPAddress Server = IPAddress.Parse("10.1.0.11"), Server6 =
        IPAddress.Parse("2001:db8:1::11");
    private static readonly byte[] Packet = FrameBytes.Ip("10.0.0.2", "203.0.113.10", 17, FrameBytes.Udp(1, 2));
    private readonly FakeFrames _frames = FakeFrames.Open();
    private readonly ProbeSender _sender;

    public ProbeSenderTests() => _sender = new ProbeSender(_frames);

    [Fact]
    public void Source_address_is_that_of_the_interface()
    {
        Assert.Equal(IPAddress.Parse("10.0.0.2"), ProbeSender.SourceAddress(NextHopEntry, AddressFamily.InterNetwork));
        Assert.Equal(IPAddress.Parse("2001:db8::2"),
            ProbeSender.SourceAddress(NextHopEntry, AddressFamily.InterNetworkV6));
    }

    [Fact]
    public void Frame_goes_from_the_interface_to_the_neighbour()
    {
        Assert.True(_sender.Send(NextHopEntry, Packet));
        var (index, frame) = Assert.Single(_frames.Sent);
        Assert.Equal(2, index);
        Assert.Equal([.. FrameBytes.Hex("020000000011 020000000002 0800"), .. Packet], frame);
    }

    [Fact]
    public void IPv6_has_its_EtherType()
    {
        _sender.Send(NextHopEntry, FrameBytes.Ip("2001:db8::2", "2001:db8::11", 17, FrameBytes.Udp(1, 2)));
        Assert.Equal([0x86, 0xdd], _frames.Sent[0].Frame[12..14]);
    }

    [Fact]
    public void Layer_2_adds_no_header()
    {
        Assert.True(_sender.Send(NextHopEntry, Encap.Layer2, Server, Packet, 1));
        Assert.Equal(Packet, FrameBytes.Packet(_frames.Sent[0].Frame));
    }

    [Theory]
    [InlineData(ForwardingMode.IpIp, 4, 20)]
    [InlineData(ForwardingMode.Gre, 47, 24)]
    [InlineData(ForwardingMode.Gue, 17, 32)]
    public void Layer_3_adds_the_outer_header_of_the_encapsulation(ForwardingMode mode, int protocol, int overhead)
    {
        Assert.True(_sender.Send(NextHopEntry, new Encap(mode, 6080), Server, Packet, 0x12345));
        var packet = FrameBytes.Packet(_frames.Sent[0].Frame);
        Assert.Equal(protocol, packet[9]);
        Assert.Equal(FrameBytes.Hex("0a000002 0a01000b"), packet[12..20]);
        Assert.Equal(Packet, packet[overhead..]);
        if (mode == ForwardingMode.Gue)
            Assert.Equal(FrameBytes.Hex("e34517c0"),
                packet[20..24]); // 0xc000 and the low 14 bits of the flow; port 6080
    }

    [Fact]
    public void Outer_source_prefix_gives_each_flow_a_source()
    {
        var encap = new Encap(ForwardingMode.IpIp, 0, IPNetwork.Parse("198.18.0.0/15"),
            IPNetwork.Parse("2001:db8:5::/64"));
        _sender.Send(NextHopEntry, encap, Server, Packet, 0x1234);
        Assert.Equal(FrameBytes.Hex("c6120034"), FrameBytes.Packet(_frames.Sent[0].Frame)[12..16]);
        _sender.Send(NextHopEntry, encap, Server6, Packet, 0x1234);
        Assert.Equal(FrameBytes.Hex("20010db8000500000000000000000034"),
            FrameBytes.Packet(_frames.Sent[1].Frame)[8..24]);
    }

    [Fact]
    public void Packet_without_an_outer_source_or_on_an_interface_that_is_down_is_not_sent()
    {
        var noAddress = NextHopEntry with { Egress = TestDirector.Eth0 with { Address = null } };
        Assert.False(_sender.Send(noAddress, new Encap(ForwardingMode.IpIp), Server, Packet, 1));
        Assert.Empty(_frames.Sent);
        _frames.Sends = false;
        Assert.False(_sender.Send(NextHopEntry, Packet));
    }
}
