using Sidestep.Packets.Capture;

namespace Sidestep.UnitTests.Packets;

/// <summary>A line says what a frame is, and no bytes make it fail.</summary>
public sealed class FrameTextTests
{
    private const string Macs = "020000000002020000000099";
    private const string Tcp = "4500002800000000400600000a000001cb00710a9c400050000000000000000050120000" + "00000000";

    [Theory]
    [InlineData("0800" + Tcp, "10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("81000064" + "0800" + Tcp, "vlan 100 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "4500003c000040004004" + "0000" + "0a0000020a010001" + Tcp, "10.0.0.2 > 10.1.0.1 ipip | 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "45000048000040004011" + "0000" + "0a0000020a010001" + "c00017c000340000" + "00040000" + Tcp, "10.0.0.2 > 10.1.0.1 gue | 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "4500004000004000402f" + "0000" + "0a0000020a010001" + "00000800" + Tcp, "10.0.0.2 > 10.1.0.1 gre | 10.0.0.1:40000 > 203.0.113.10:80 tcp SA")]
    [InlineData("0800" + "4500001c000000004001" + "0000" + "0a000001cb00710a" + "0800000000000000", "10.0.0.1 > 203.0.113.10 icmp echo request")]
    [InlineData("86dd" + "6000000000081140" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002" + "0035003600080000", "[2001:db8::1]:53 > [2001:db8::2]:54 udp")]
    [InlineData("0806" + "0001080006040001" + "020000000099" + "0a000001" + "000000000000" + "cb00710a", "arp who-has 203.0.113.10 tell 10.0.0.1")]
    [InlineData("0806" + "0001080006040002" + "020000000099" + "0a000001" + "000000000000" + "cb00710a", "arp 10.0.0.1 is-at 02:00:00:00:00:99")]
    [InlineData("88cc", "ethertype 0x88cc")]
    public void Frame_is_described_in_one_line(string behindTheMacs, string text) =>
        Assert.Equal(text, FrameText.Of(Convert.FromHexString(Macs + behindTheMacs)));

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
