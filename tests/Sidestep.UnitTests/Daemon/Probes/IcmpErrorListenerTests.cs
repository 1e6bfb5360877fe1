using System.Net;
using Sidestep.Daemon.Probes;

namespace Sidestep.UnitTests.Daemon.Probes;

/// <summary>Types and codes by RFC 792, RFC 1812, RFC 1191 and RFC 4443.</summary>
public sealed class IcmpErrorListenerTests
{
    [Theory]
    [InlineData("03020000 00000000", "rejects the outer header (protocol unreachable): it does not decapsulate")]
    [InlineData("03030000 00000000",
        "rejects the outer header (port unreachable): it does not decapsulate GUE at this port")]
    [InlineData("03040000 00000578", "a router on the path to it has an MTU of 1400 bytes (fragmentation needed)")]
    [InlineData("03090000 00000000", "a filter on the path to it rejects packets (administratively prohibited)")]
    [InlineData("030a0000 00000000", "a filter on the path to it rejects packets (administratively prohibited)")]
    [InlineData("030d0000 00000000", "a filter on the path to it rejects packets (administratively prohibited)")]
    [InlineData("03010000 00000000", "a router reports it unreachable")]
    [InlineData("0b000000 00000000", "packets to it are in a routing loop (time exceeded)")]
    [InlineData("05000000 00000000", null)]
    public void ICMP_error_says_what_became_of_packets_to_a_server(string header, string? text) => AssertSignal(
        text, "10.1.0.11", [.. FrameBytes.Hex(header), .. FrameBytes.Ip("10.0.0.2", "10.1.0.11", 4, [])], isIpv4: true);

    [Theory]
    [InlineData("01010000 00000000", "a filter on the path to it rejects packets (administratively prohibited)")]
    [InlineData("01040000 00000000",
        "rejects the outer header (port unreachable): it does not decapsulate GUE at this port")]
    [InlineData("01000000 00000000", "a router reports it unreachable")]
    [InlineData("02000000 00000578", "a router on the path to it has an MTU of 1400 bytes (packet too big)")]
    [InlineData("03000000 00000000", "packets to it are in a routing loop (time exceeded)")]
    [InlineData("04000000 00000000", null)]
    public void ICMPv6_error_says_what_became_of_packets_to_a_server(string header, string? text) => AssertSignal(
        text, "2001:db8::11", [.. FrameBytes.Hex(header), .. FrameBytes.Ip("2001:db8::2", "2001:db8::11", 41, [])],
        isIpv4: false);

    [Theory]
    [InlineData(4, true)]
    [InlineData(41, true)]
    [InlineData(47, true)]
    [InlineData(17, true)]
    [InlineData(6, false)]
    [InlineData(1, false)]
    public void Only_outer_headers_count(int protocol, bool counts)
    {
        byte[] message = [.. FrameBytes.Hex("0301000000000000"),
            .. FrameBytes.Ip("10.0.0.2", "10.1.0.11", protocol, [])];
        Assert.Equal(counts, IcmpErrorListener.Read(message, isIpv4: true) is not null);
    }

    [Fact]
    public void Quote_that_is_cut_off_or_of_the_other_family_does_not_count()
    {
        byte[] message = [.. FrameBytes.Hex("0301000000000000"), .. FrameBytes.Ip("10.0.0.2", "10.1.0.11", 4, [])];
        Assert.Null(IcmpErrorListener.Read(message.AsSpan(0, 27), isIpv4: true));
        Assert.Null(IcmpErrorListener.Read([.. message, .. new byte[20]], isIpv4: false));
        message[8] = 0x65;
        Assert.Null(IcmpErrorListener.Read(message, isIpv4: true));
        byte[] message6 = [.. FrameBytes.Hex("0100000000000000"),
            .. FrameBytes.Ip("2001:db8::2", "2001:db8::11", 41, [])];
        Assert.Null(IcmpErrorListener.Read(message6.AsSpan(0, 47), isIpv4: false));
    }

    [Theory]
    [InlineData("0304", true, true)]
    [InlineData("0303", true, false)]
    [InlineData("0200", true, false)]
    [InlineData("0200", false, true)]
    [InlineData("0304", false, false)]
    public void Error_about_the_size_of_a_packet_is_told_apart(string typeAndCode, bool isIpv4, bool isTooBig) =>
        Assert.Equal(isTooBig, IcmpErrorListener.IsTooBig(FrameBytes.Hex(typeAndCode), isIpv4));

    private static void AssertSignal(string? text, string server, byte[] message, bool isIpv4)
    {
        var signal = IcmpErrorListener.Read(message, isIpv4);
        Assert.Equal(text, signal?.What);
        Assert.Equal(text is null ? null : IPAddress.Parse(server), signal?.Server);
    }
}
