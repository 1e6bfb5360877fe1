using Sidestep.Cli.Replay;

namespace Sidestep.UnitTests.Cli;

public sealed class HexFrameTests
{
    private const string Header = "0011223344550011223344560800";

    [Theory]
    [InlineData("0011223344550011223344560800")]
    [InlineData("00:11:22:33:44:55 00:11:22:33:44:56 08:00")]
    [InlineData("00-11-22-33-44-55\n00-11-22-33-44-56\t0800\n")]
    public void Separators_are_ignored(string text) =>
        Assert.Equal(Header, Convert.ToHexStringLower(HexFrame.Read(text)));

    [Fact]
    public void Letters_may_be_in_either_case() =>
        Assert.Equal([0xab, 0xcd], HexFrame.Read(Header + "aBCd")[^2..]);

    [Theory]
    [InlineData("0x00", "'x' at character 2 is not a hexadecimal digit")]
    [InlineData(Header + "0", "29 digits are not a whole number of bytes")]
    [InlineData("", "0 bytes are fewer than an Ethernet header has (14)")]
    [InlineData("00112233445500112233445608", "13 bytes are fewer than an Ethernet header has (14)")]
    public void Error_names_the_problem_and_the_form(string text, string problem)
    {
        var error = Assert.Throws<FormatException>(() => HexFrame.Read(text));
        Assert.Equal(
            $"--hex: {problem}. Write the frame from the Ethernet header on, two digits per byte; spaces, colons and "
            + "hyphens are ignored.", error.Message);
    }
}
