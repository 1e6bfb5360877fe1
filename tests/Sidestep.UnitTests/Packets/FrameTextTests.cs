using Sidestep.Packets.Capture;

namespace Sidestep.UnitTests.Packets;

/// <summary>The one-line description of frames, also of truncated and random ones.</summary>
public sealed class FrameTextTests
{
    private const string Macs = "020000000002020000000099";
    private const string Tcp = "4500002800000000400600000a000001cb00710a9c400050000000000000000050120000" + "00000000";

    [Theory]
    [InlineData("0800" + Tcp, "10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("81000064" + "0800" + Tcp, "vlan 100 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "4500003c000040004004" + "0000" + "0a0000020a010001" + Tcp,
        "10.0.0.2 > 10.1.0.1 ipip | 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "45000048000040004011" + "0000" + "0a0000020a010001" + "c00017c000340000" + "00040000" + Tcp,
        "10.0.0.2 > 10.1.0.1 gue | 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "4500004000004000402f" + "0000" + "0a0000020a010001" + "00000800" + Tcp,
        "10.0.0.2 > 10.1.0.1 gre | 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "4500001c000000004001" + "0000" + "0a000001cb00710a" + "0800000000000000",
        "10.0.0.1 > 203.0.113.10 icmp echo request")]
    [InlineData("86dd" + "6000000000081140" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002"
        + "0035003600080000", "[2001:db8::1]:53 > [2001:db8::2]:54 udp")]
    [InlineData("0800" + "45000020000000004084" + "0000" + "0a000001cb00710a" + "9c400f1c0000000000000000",
        "10.0.0.1:40000 > 203.0.113.10:3868 sctp")]
    [InlineData("0800" + "4500001c000000004088" + "0000" + "0a000001cb00710a" + "9c40003500000000",
        "10.0.0.1:40000 > 203.0.113.10:53 udplite")]
    [InlineData("0800" + "45000020000000004021" + "0000" + "0a000001cb00710a" + "9c4013890400000005000001",
        "10.0.0.1:40000 > 203.0.113.10:5001 dccp")]
    [InlineData("0806" + "0001080006040001" + "020000000099" + "0a000001" + "000000000000" + "cb00710a",
        "arp who-has 203.0.113.10 tell 10.0.0.1")]
    [InlineData("0806" + "0001080006040002" + "020000000099" + "0a000001" + "000000000000" + "cb00710a",
        "arp 10.0.0.1 is-at 02:00:00:00:00:99")]
    [InlineData("88cc", "ethertype 0x88cc")]
    public void Frame_is_described_in_one_line(string behindTheMacs, string text) =>
        Assert.Equal(text, FrameText.Of(Convert.FromHexString(Macs + behindTheMacs)));

    [Theory]
    [InlineData(1, 8, 0, "icmp echo request")]
    [InlineData(1, 0, 0, "icmp echo reply")]
    [InlineData(1, 3, 4, "icmp fragmentation needed")]
    [InlineData(1, 3, 1, "icmp unreachable")]
    [InlineData(1, 11, 0, "icmp time exceeded")]
    [InlineData(1, 13, 0, "icmp type 13 code 0")]
    [InlineData(58, 128, 0, "icmpv6 echo request")]
    [InlineData(58, 129, 0, "icmpv6 echo reply")]
    [InlineData(58, 1, 4, "icmpv6 unreachable")]
    [InlineData(58, 2, 0, "icmpv6 packet too big")]
    [InlineData(58, 3, 0, "icmpv6 time exceeded")]
    [InlineData(58, 135, 0, "icmpv6 neighbour solicitation")]
    [InlineData(58, 136, 0, "icmpv6 neighbour advertisement")]
    [InlineData(58, 8, 1, "icmpv6 type 8 code 1")]
    public void ICMP_message_is_named_by_type_and_code(byte protocol, byte type, byte code, string text)
    {
        byte[] frame =
            [.. new byte[12], 0x08, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, type,
            code];
        Assert.Equal("10.0.0.1 > 10.0.0.2 " + text, FrameText.Of(frame));
    }

    [Theory]
    [InlineData(0x00, "-")]
    [InlineData(0x3f, "FSRPAU")]
    [InlineData(0x12, "SA")]
    [InlineData(0xc2, "S")] // ECE and CWR are not shown
    public void TCP_flags_are_shown_as_letters(byte flags, string text)
    {
        var frame = Convert.FromHexString(Macs + "0800" + Tcp);
        frame[14 + 20 + 13] = flags;
        Assert.EndsWith(" tcp " + text, FrameText.Of(frame), StringComparison.Ordinal);
    }

    [Fact]
    public void Extension_headers_of_IPv6_are_skipped_and_a_later_fragment_is_named()
    {
        const string Header = "86dd" + "60000000002000" + "40" + "20010db8000000000000000000000001"
            + "20010db8000000000000000000000002";
        // Hop-by-hop options of 16 bytes, then UDP.
        Assert.Equal("[2001:db8::1]:53 > [2001:db8::2]:54 udp", FrameText.Of(Convert.FromHexString(
            Macs + Header + "1101000000000000" + "0000000000000000" + "0035003600080000")));
        // A fragment header with offset 1232 and M, then payload.
        var fragment = Convert.FromHexString(Macs + Header + "1100" + "04d1" + "00000001" + "0000000000000000");
        fragment[14 + 6] = 44;
        Assert.Equal("2001:db8::1 > 2001:db8::2 udp fragment at 1232", FrameText.Of(fragment));
    }

    [Fact]
    public void Fragment_of_IPv4_is_named_with_its_offset_in_bytes()
    {
        var frame = Convert.FromHexString(Macs + "0800" + Tcp);
        (frame[20], frame[21]) = (0x20, 0xb9); // MF, 185 units of 8 bytes
        Assert.Equal("10.0.0.1 > 203.0.113.10 tcp fragment at 1480", FrameText.Of(frame));
    }

    [Fact]
    public void Nesting_is_limited_to_eight_headers()
    {
        var header = Convert.FromHexString("45000014000000004004" + "0000" + "0a0000010a000002");
        byte[] frame = [.. new byte[12], 0x08, 0, .. Enumerable.Repeat(header, 20).SelectMany(static h => h)];
        var text = FrameText.Of(frame);
        Assert.Equal(8, text.Split(" ipip | ").Length - 1);
        Assert.EndsWith("ip (cut off)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_or_random_frame_is_still_described()
    {
        var random = new Random(1);
        var whole = Convert.FromHexString(Macs + "0800" + "4500003c000040004004" + "0000" + "0a0000020a010001" + Tcp);
        for (var length = 0; length <= whole.Length; length++)
            Assert.NotEmpty(FrameText.Of(whole.AsSpan(0, length)));
        var bytes = new byte[120];
        var types = new byte[][] { [0x08, 0x00, 0x45], [0x86, 0xdd, 0x60], [0x08, 0x06, 0], [0x81, 0, 0] };
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            types[i % types.Length].CopyTo(bytes, 12);
            Assert.NotEmpty(FrameText.Of(bytes.AsSpan(0, random.Next(bytes.Length))));
        }
    }
}
