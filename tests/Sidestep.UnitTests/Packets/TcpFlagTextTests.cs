using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class TcpFlagTextTests
{
    [Theory]
    [InlineData(0x12, "SA")]
    [InlineData(0x3f, "FSRPAU")]
    [InlineData(0xc0, "-")]
    [InlineData(0, "-")]
    public void Bits_are_shown_by_letters(byte bits, string text) =>
        Assert.Equal(text, TcpFlagText.Of((TcpControlBits)bits));

    [Theory]
    [InlineData("SA", 0x12)]
    [InlineData("as", 0x12)]
    [InlineData("", 0)]
    public void Letters_are_read_in_any_order(string text, byte bits)
    {
        Assert.True(TcpFlagText.TryParse(text, out var read));
        Assert.Equal((TcpControlBits)bits, read);
    }

    [Fact]
    public void Other_letters_are_rejected() => Assert.False(TcpFlagText.TryParse("SX", out _));
}
