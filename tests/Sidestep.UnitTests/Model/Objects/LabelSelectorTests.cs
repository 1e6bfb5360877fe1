using Sidestep.Model.Objects;

namespace Sidestep.UnitTests.Model.Objects;

public sealed class LabelSelectorTests
{
    private static readonly Dictionary<string, string> Labels =
        new() { ["team"] = "shop", ["tier"] = "", ["x/y"] = "1" };

    [Theory]
    [InlineData("", true)]
    [InlineData("team=shop", true)]
    [InlineData("team==shop", true)]
    [InlineData("team=other", false)]
    [InlineData("team!=other", true)]
    [InlineData("team!=shop", false)]
    [InlineData("none!=shop", true)]
    [InlineData("tier", true)]
    [InlineData("tier=", true)]
    [InlineData("!tier", false)]
    [InlineData("!none", true)]
    [InlineData("none", false)]
    [InlineData("team = shop , x/y=1", true)]
    [InlineData("team=shop,tier=front", false)]
    public void Terms_are_those_of_Kubernetes(string selector, bool isSelected) =>
        Assert.Equal(isSelected, LabelSelector.Parse(selector).Selects(key => Labels.GetValueOrDefault(key)));

    [Theory]
    [InlineData("=shop", "=shop")]
    [InlineData("team=shop,", "")]
    [InlineData("!", "!")]
    [InlineData("a b", "a b")]
    public void Term_without_a_key_is_an_error(string selector, string term) =>
        Assert.Equal($"'{term}' is not a term of a label selector: write KEY=VALUE, KEY!=VALUE, KEY or !KEY",
            Assert.Throws<FormatException>(() => LabelSelector.Parse(selector)).Message);
}
