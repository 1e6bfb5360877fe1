using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class PrefixTextTests
{
    [Theory]
    [InlineData("203.0.113.10", true, 32)]
    [InlineData("203.0.113.0/31", false, 31)]
    [InlineData("0.0.0.0/0", false, 0)]
    [InlineData("2001:db8::1", true, 128)]
    [InlineData("2001:db8::/64", false, 64)]
    public void Text_becomes_a_prefix_and_the_same_text_again(string text, bool isSingle, int length)
    {
        var network = PrefixText.Parse(text);
        Assert.Equal((text, isSingle, length),
            (PrefixText.Of(network), network.IsSingle(), network.PrefixLength));
    }

    [Fact]
    public void Text_that_is_neither_address_nor_prefix_throws() =>
        Assert.Throws<FormatException>(() => PrefixText.Parse("10.0.0.1/33"));
}
