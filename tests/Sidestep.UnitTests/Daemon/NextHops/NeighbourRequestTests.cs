using System.Net;
using Sidestep.Daemon.NextHops;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class NeighbourRequestTests
{
    [Fact]
    public void IPv4_neighbour_is_requested_by_broadcast()
    {
        var route = new NextHopRoute(TestDirector.Eth0, IPAddress.Parse("10.0.0.11"), false,
            IPAddress.Parse("10.0.0.2"));
        Assert.Equal(
            FrameBytes.Arp(1, FrameBytes.Broadcast, "020000000002", "10.0.0.2", "000000000000", "10.0.0.11"),
            NeighbourRequest.To(route));
    }

    /// <summary>RFC 4861 section 4.3, RFC 4291 section 2.7.1.</summary>
    [Fact]
    public void IPv6_neighbour_is_requested_by_its_solicited_node_address_with_the_senders_link_layer_address()
    {
        var frame = NeighbourRequest.To(
            new NextHopRoute(TestDirector.Eth0, IPAddress.Parse("2001:db8::ab:cdef"), false,
            IPAddress.Parse("fe80::2")));
        Assert.Equal(FrameBytes.Hex("3333ffabcdef 020000000002 86dd"), frame[..14]);
        Assert.Equal(FrameBytes.Hex("6000000000203aff"), frame[14..22]);
        Assert.Equal(FrameBytes.Hex("fe800000000000000000000000000002 ff0200000000000000000001ffabcdef"),
            frame[22..54]);
        Assert.Equal(FrameBytes.Hex("20010db80000000000000000 00abcdef 0101 020000000002"), frame[62..86]);
        Assert.Equal((135, 0, 86), (frame[54], frame[55], frame.Length));
    }
}
