using System.Buffers;
using Sidestep.Packets.Capture;

namespace Sidestep.UnitTests.Packets;

/// <summary>Blocks that the encoder writes, byte by byte (draft-ietf-opsawg-pcapng), and damage that the decoder
/// rejects.</summary>
public sealed class PcapngWriterTests
{
    [Fact]
    public void Writes_every_byte_of_a_section_header()
    {
        var output = new ArrayBufferWriter<byte>();
        Pcapng.WriteSection(output, "sidestep");
        Assert.Equal("0a0d0d0a" + "2c000000" + "4d3c2b1a" + "01000000" + "ffffffffffffffff"
            + "04000800" + "7369646573746570" // shb_userappl
            + "00000000" + "2c000000", Hex(output));
    }

    [Fact]
    public void Writes_every_byte_of_an_interface_description()
    {
        var output = new ArrayBufferWriter<byte>();
        Pcapng.WriteInterface(output, "eth0", "a", 256);
        Assert.Equal("01000000" + "30000000" + "01000000" + "00010000"
            + "02000400" + "65746830" // if_name
            + "03000100" + "61000000" // if_description, padded
            + "09000100" + "09000000" // if_tsresol: 10^-9
            + "00000000" + "30000000", Hex(output));
    }

    [Theory]
    [InlineData(false, "01000000")]
    [InlineData(true, "02000000")]
    public void Writes_every_byte_of_an_enhanced_packet(bool isOut, string direction)
    {
        var output = new ArrayBufferWriter<byte>();
        Pcapng.WriteFrame(output, new PcapngFrame(3, 0x0102_0304_0506_0708, 1500, isOut, 7, 2, "no"),
            [0xaa, 0xbb, 0xcc]);
        Assert.Equal("06000000" + "54000000" + "03000000" + "04030201" + "08070605" + "03000000" + "dc050000"
            + "aabbcc00"
            + "01000200" + "6e6f0000" // opt_comment
            + "02000400" + direction // epb_flags
            + "05000800" + "0700000000000000" // epb_packetid
            + "07000900" + "02" + "0200000000000000" + "000000" // epb_verdict: of XDP, XDP_PASS
            + "00000000" + "54000000", Hex(output));
    }

    [Fact]
    public void Comment_longer_than_an_option_is_truncated()
    {
        var output = new ArrayBufferWriter<byte>();
        Pcapng.WriteSection(output, new string('x', 70_000));
        var file = output.WrittenSpan;
        Assert.Equal(0, file.Length % 4);
        Assert.Equal(CaptureStatus.End, new CaptureDecoder().Read(file, true, out var consumed, out _));
        Assert.Equal(file.Length, consumed);
    }

    [Theory]
    [InlineData(9, 0x14, "the time resolution 20 of an interface is out of range")] // 10^-20
    [InlineData(9, 0xc0, "the time resolution 192 of an interface is out of range")] // 2^-64
    [InlineData(9, 0x13, null)] // 10^-19
    [InlineData(9, 0xbf, null)] // 2^-63
    public void Time_resolution_is_limited_to_64_bits(ushort option, byte value, string? problem)
    {
        byte[] file =
        [
            .. Convert.FromHexString("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000"),
            .. Convert.FromHexString("01000000" + "20000000" + "01000000" + "00000000"),
            (byte)option, 0, 1, 0, value, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0,
        ];
        var decoder = new CaptureDecoder();
        var status = decoder.Read(file, true, out _, out _);
        Assert.Equal(problem is null ? CaptureStatus.End : CaptureStatus.Broken, status);
        Assert.Equal(problem is null ? null : problem + ": the file is damaged here", decoder.Problem);
    }

    [Theory]
    [InlineData("0b000000", "a block has the invalid length 11")]
    [InlineData("0d000000", "a block has the invalid length 13")]
    [InlineData("04000001", "a block of 16777220 bytes is longer than 16777216")]
    public void Block_of_an_impossible_length_is_rejected(string length, string problem)
    {
        var file = Convert.FromHexString(
            "0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000" + "0bad0000" + length + "00000000");
        var decoder = new CaptureDecoder();
        Assert.Equal(CaptureStatus.Broken, decoder.Read(file, false, out var consumed, out _));
        Assert.Equal((28, 28L), (consumed, decoder.Offset));
        Assert.Equal(problem + ": the file is damaged here", decoder.Problem);
        // It stays broken, whatever follows.
        Assert.Equal(CaptureStatus.Broken, decoder.Read(file, true, out _, out _));
    }

    [Theory]
    [InlineData("1c000000", "4d3c2b1a", "0200", "1c000000",
        "version 2 of the pcapng format is not supported: only 1 is")]
    [InlineData("1c000000", "4d3c2b1b", "0100", "1c000000",
        "the byte-order magic of a section is 4d3c2b1b: the file is damaged")]
    [InlineData("1c000000", "4d3c2b1a", "0100", "20000000",
        "a block has the length 28 at its start and another at its end: the file is damaged here")]
    public void Damaged_section_header_is_rejected(
        string length, string magic, string version, string end, string problem)
    {
        var file = Convert.FromHexString("0a0d0d0a" + length + magic + version + "0000" + "ffffffffffffffff" + end);
        var decoder = new CaptureDecoder();
        Assert.Equal(CaptureStatus.Broken, decoder.Read(file, true, out _, out _));
        Assert.Equal(problem, decoder.Problem);
    }

    [Fact]
    public void Frame_of_an_interface_with_another_link_type_is_rejected_with_its_name()
    {
        var output = new ArrayBufferWriter<byte>();
        Pcapng.WriteSection(output, "");
        var section = output.WrittenCount;
        Pcapng.WriteInterface(output, "wlan0", "", 256);
        Pcapng.WriteFrame(output, new PcapngFrame(0, 0, 3, false, 1, 2, ""), [1, 2, 3]);
        var file = output.WrittenSpan.ToArray();
        file[section + 8] = 105; // IEEE 802.11
        var decoder = new CaptureDecoder();
        Assert.Equal(CaptureStatus.Broken, decoder.Read(file, true, out _, out _));
        Assert.Equal("interface 0 (wlan0) has link type 105, not Ethernet (1): remove its frames from the file",
            decoder.Problem);
    }

    private static string Hex(ArrayBufferWriter<byte> output) => Convert.ToHexStringLower(output.WrittenSpan);
}
