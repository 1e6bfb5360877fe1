using Sidestep.Lab.Live;

namespace Sidestep.SystemTests.Lab.Live;

public sealed class LiveKeysTests
{
    private const int Servers = 3;

    [Theory]
    [InlineData('k', "Kill")]
    [InlineData('D', "Drain")]
    [InlineData('r', "Restore")]
    [InlineData('q', "Quit")]
    [InlineData('x', "None")]
    public void A_letter_acts_on_the_selected_server(char key, string action)
        => Assert.Equal(new LiveKeys(1, Enum.Parse<LiveAction>(action)), LiveKeys.Of(Character(key), 1, Servers));

    [Theory]
    [InlineData('1', 0)]
    [InlineData('3', 2)]
    [InlineData('4', 1)]
    [InlineData('0', 1)]
    public void A_digit_selects_a_server_that_exists(char key, int selected)
        => Assert.Equal(new LiveKeys(selected, LiveAction.None), LiveKeys.Of(Character(key), 1, Servers));

    [Theory]
    [InlineData(ConsoleKey.UpArrow, 0, 2)]
    [InlineData(ConsoleKey.LeftArrow, 2, 1)]
    [InlineData(ConsoleKey.DownArrow, 2, 0)]
    [InlineData(ConsoleKey.RightArrow, 0, 1)]
    public void Arrows_select_the_next_server_and_wrap_around(ConsoleKey key, int before, int after)
        => Assert.Equal(new LiveKeys(after, LiveAction.None),
            LiveKeys.Of(new ConsoleKeyInfo('\0', key, false, false, false), before, Servers));

    [Fact]
    public void Without_servers_arrows_and_digits_change_nothing()
    {
        Assert.Equal(new LiveKeys(0, LiveAction.None),
            LiveKeys.Of(new ConsoleKeyInfo('\0', ConsoleKey.DownArrow, false, false, false), 0, 0));
        Assert.Equal(new LiveKeys(0, LiveAction.None), LiveKeys.Of(Character('1'), 0, 0));
    }

    private static ConsoleKeyInfo Character(char key) => new(key, ConsoleKey.None, false, false, false);
}
