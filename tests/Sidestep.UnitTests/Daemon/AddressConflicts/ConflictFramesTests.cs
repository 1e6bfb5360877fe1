using System.Net;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Daemon.AddressConflicts;

public sealed class ConflictFramesTests
{
    private const string Director = "020000000002", Other = "020000000099";
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10"), Vip6 = IPAddress.Parse("2001:db8:113::10");
    private static readonly IPAddress LinkLocal = IPAddress.Parse("fe80::2");

    [Fact]
    public void IPv4_request_is_a_broadcast_ARP_request_from_the_directors_own_address() => Assert.Equal(
        FrameBytes.Arp(1, FrameBytes.Broadcast, Director, "10.0.0.2", "000000000000", "203.0.113.10"),
        ConflictFrames.Request(TestDirector.Eth0, Vip, LinkLocal));

    /// <summary>RFC 4861 section 4.3: type 135, to the solicited-node address of the target, hop limit 255.</summary>
    [Fact]
    public void IPv6_request_is_a_multicast_neighbour_solicitation_from_the_given_address()
    {
        var frame = ConflictFrames.Request(TestDirector.Eth0, Vip6, LinkLocal)!;
        Assert.Equal(FrameBytes.Hex($"3333ff000010{Director}86dd"), frame[..14]);
        Assert.Equal((58, 255), (frame[20], frame[21]));
        Assert.Equal(LinkLocal, new IPAddress(frame.AsSpan(22, 16)));
        Assert.Equal(IPAddress.Parse("ff02::1:ff00:10"), new IPAddress(frame.AsSpan(38, 16)));
        Assert.Equal(135, frame[54]);
        Assert.Equal(Vip6, new IPAddress(frame.AsSpan(62, 16)));
    }

    [Fact]
    public void Request_needs_a_source_of_the_VIPs_family()
    {
        Assert.Null(ConflictFrames.Request(TestDirector.Eth0 with { Address = null }, Vip, LinkLocal));
        Assert.Null(ConflictFrames.Request(TestDirector.Eth0, Vip6, null));
    }

    /// <summary>RFC 5227 section 3: sender and target are both the address that is announced.</summary>
    [Fact]
    public void IPv4_announcement_is_an_ARP_announcement() => Assert.Equal(
        FrameBytes.Arp(1, FrameBytes.Broadcast, Director, "203.0.113.10", "000000000000", "203.0.113.10"),
        ConflictFrames.Announcement(TestDirector.Eth0, Vip, null));

    /// <summary>RFC 4861 section 7.2.6: to all nodes, override set, solicited not set.</summary>
    [Theory]
    [InlineData("fe80::2", "fe80::2")]
    [InlineData(null, "2001:db8:113::10")]
    public void IPv6_announcement_is_an_unsolicited_neighbour_advertisement(string? source, string expectedSource)
    {
        var frame = ConflictFrames.Announcement(TestDirector.Eth0, Vip6, source is null ? null
            : IPAddress.Parse(source));
        Assert.Equal(FrameBytes.Hex($"333300000001{Director}86dd"), frame[..14]);
        Assert.Equal(IPAddress.Parse(expectedSource), new IPAddress(frame.AsSpan(22, 16)));
        Assert.Equal(IPAddress.Parse("ff02::1"), new IPAddress(frame.AsSpan(38, 16)));
        Assert.Equal((136, 0x20), (frame[54], frame[58]));
        Assert.Equal(Vip6, new IPAddress(frame.AsSpan(62, 16)));
        Assert.Equal(FrameBytes.Hex($"0201{Director}"), frame[78..86]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ARP_request_and_reply_tell_the_senders_address(int operation) => Assert.Equal(
        new AddressUse(Vip, new MacAddress(0x0200_0000_0099)),
        ConflictFrames.Read(
            FrameBytes.Arp(operation, FrameBytes.Broadcast, Other, "203.0.113.10", Director, "10.0.0.2")));

    [Theory]
    [InlineData("020000000077", 0x0200_0000_0077)]
    [InlineData(null, 0x0200_0000_0099)]
    public void Advertisement_tells_the_target_and_its_option_or_else_the_Ethernet_source(string? option, long mac) =>
        Assert.Equal(new AddressUse(Vip6, new MacAddress((ulong)mac)),
            ConflictFrames.Read(FrameBytes.Advertisement(Other, "2001:db8:113::10", 0x20, option)));

    [Fact]
    public void Other_frames_tell_no_address()
    {
        var arp = FrameBytes.Arp(1, FrameBytes.Broadcast, Other, "203.0.113.10", Director, "10.0.0.2");
        Assert.Null(ConflictFrames.Read(arp.AsSpan(0, 13)));
        Assert.Null(ConflictFrames.Read(arp.AsSpan(0, 40)));
        Assert.Null(
            ConflictFrames.Read(FrameBytes.Frame(FrameBytes.Ip("10.0.0.9", "10.0.0.2", 17, FrameBytes.Udp(1, 2)))));
        Assert.Null(
            ConflictFrames.Read(FrameBytes.Frame(FrameBytes.Ip("fe80::9", "fe80::2", 17, FrameBytes.Udp(1, 2)))));
    }
}
