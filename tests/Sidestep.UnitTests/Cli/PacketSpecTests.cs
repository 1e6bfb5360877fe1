using Sidestep.Cli.Replay;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Cli;

/// <summary>The packets that <c>sidestep trace</c> makes; checked against the layouts of the RFCs by hand.</summary>
public sealed class PacketSpecTests
{
    private static readonly MacAddress Director = new(0x0200_5e10_0001);

    [Fact]
    public void TCP_segment_has_the_layout_of_RFC_791_and_RFC_9293()
    {
        var frame = PacketSpec.ToFrame(["tcp", "198.51.100.7:40000", "203.0.113.10:80", "SA"], Director);
        Assert.Equal(
            "02005e100001" + "0200000000fe" + "0800"
            + "4500" + "0028" + "0000" + "4000" + "4006" + "d48a" + "c6336407" + "cb00710a"
            + "9c40" + "0050" + "00000000" + "00000000" + "5012" + "0000" + "0000" + "0000",
            Convert.ToHexStringLower(frame));
    }

    [Fact]
    public void IPv4_header_checksum_is_that_of_RFC_1071() =>
        // The sum over a header with its checksum is zero, by another implementation of the algorithm.
        Assert.Equal(0, NaiveChecksum.Of(PacketSpec.ToFrame(["udp", "198.51.100.7:1", "203.0.113.10:2"],
            Director)[14..34]));

    [Fact]
    public void UDP_datagram_over_IPv6_has_the_layout_of_RFC_8200_and_RFC_768()
    {
        var frame = PacketSpec.ToFrame(["UDP", "[2001:db8::7]:5353", "[2001:db8::53]:53"], Director);
        Assert.Equal(
            "02005e100001" + "0200000000fe" + "86dd"
            + "60000000" + "0008" + "11" + "40" + "20010db8000000000000000000000007"
            + "20010db8000000000000000000000053"
            + "14e9" + "0035" + "0008" + "0000",
            Convert.ToHexStringLower(frame));
    }

    [Theory]
    [InlineData("icmp 198.51.100.7 203.0.113.10", 23, 1, 8)]
    [InlineData("icmp 2001:db8::7 2001:db8::10", 20, 58, 128)]
    [InlineData("icmpv6 2001:db8::7 2001:db8::10", 20, 58, 128)]
    public void Echo_request_has_the_protocol_and_type_of_its_family(string words, int protocolAt, int protocol,
        int type)
    {
        var frame = PacketSpec.ToFrame(words.Split(' '), Director);
        Assert.Equal((protocol, type), (frame[protocolAt], frame[^8]));
    }

    [Theory]
    [InlineData("", 0x02)]
    [InlineData("F", 0x01)]
    [InlineData("R", 0x04)]
    [InlineData("P", 0x08)]
    [InlineData("a", 0x10)]
    [InlineData("U", 0x20)]
    [InlineData("FSRPAU", 0x3f)]
    public void TCP_flags_are_those_of_RFC_9293(string flags, byte expected)
    {
        string[] words = ["tcp", "198.51.100.7:1", "203.0.113.10:2"];
        Assert.Equal(expected, PacketSpec.ToFrame(flags.Length == 0 ? words : [.. words, flags],
            Director)[14 + 20 + 13]);
    }

    [Fact]
    public void Protocol_may_be_a_number()
    {
        var frame = PacketSpec.ToFrame(["50", "198.51.100.7", "203.0.113.10"], Director);
        Assert.Equal((50, 14 + 20 + 8), (frame[23], frame.Length));
    }

    [Theory]
    [InlineData("sctp", 132)]
    [InlineData("udplite", 136)]
    [InlineData("dccp", 33)]
    public void Every_protocol_with_ports_has_them(string name, byte protocol)
    {
        var frame = PacketSpec.ToFrame([name, "198.51.100.7:258", "203.0.113.10:772"], Director);
        Assert.Equal(protocol, frame[23]);
        Assert.Equal([1, 2, 3, 4], frame[34..38]);
    }

    [Theory]
    [InlineData("tcp 198.51.100.7:1", "write 'tcp ")]
    [InlineData("tcp 198.51.100.7:1 203.0.113.10:2 S S", "write 'tcp ")]
    [InlineData("sctp 198.51.100.7 203.0.113.10:2", "'198.51.100.7' is not an address with a port: write ")]
    [InlineData("mptcp 198.51.100.7:1 203.0.113.10:2", "'mptcp' is not a protocol: write ")]
    [InlineData("256 198.51.100.7 203.0.113.10", "'256' is not a protocol: write ")]
    [InlineData("udp 198.51.100.7 203.0.113.10:2", "'198.51.100.7' is not an address with a port: write ")]
    [InlineData("udp 198.51.100.7:1 [2001:db8::1]:1", "198.51.100.7:1 and [2001:db8::1]:1 are of different families")]
    [InlineData("icmp 198.51.100.7:1 203.0.113.10", "'198.51.100.7:1' is not an address: write ")]
    [InlineData("icmp 198.51.100.7 2001:db8::1", "198.51.100.7 and 2001:db8::1 are of different families")]
    [InlineData("tcp 198.51.100.7:1 203.0.113.10:2 SX", "'SX' are not TCP flags: write letters of FSRPAU")]
    public void Impossible_packet_says_what_is_expected(string words, string expected)
    {
        var error = Assert.Throws<FormatException>(() => PacketSpec.ToFrame(words.Split(' '), Director));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
