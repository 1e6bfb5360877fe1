using Sidestep.Api.Status;
using Sidestep.Cli.Top;

namespace Sidestep.UnitTests.Cli;

public sealed class TopTests
{
    private static readonly DirectorStatus Now = TestDirector.Full;

    private static readonly DirectorStatus Before = Now with
    {
        Services = [.. Now.Services.Select(static s => s with { Packets = s.Packets / 2, Bytes = 0 })],
        Drops = Now.Drops.ToDictionary(static d => d.Key, static d => d.Value with { Packets = 0 }),
    };

    private static TopRows Rows => new(Before, Now, 2);

    [Theory]
    [InlineData(0, "0")]
    [InlineData(7, "7")]
    [InlineData(0.125, "0.13")]
    [InlineData(42.26, "42.3")]
    [InlineData(999, "999")]
    [InlineData(999.6, "1.00k")]
    [InlineData(12_345, "12.3k")]
    [InlineData(1_250_000, "1.25M")]
    [InlineData(99_960_000, "100M")]
    [InlineData(1e18, "1000P")]
    public void Numbers_have_at_most_six_characters(double value, string text) =>
        Assert.Equal(text, TopScreen.Short(value));

    [Fact]
    public void Rates_are_the_difference_of_the_counters_per_second()
    {
        var service = Now.Services.First(static s => s.Packets > 1);
        var row = Rows.Services().Rows.Single(r => r.Name == service.Name);
        Assert.Equal((service.Packets - (service.Packets / 2)) / 2.0, row.Values[0]);
        Assert.Equal(service.Bytes * 4.0, row.Values[1]);
    }

    [Fact]
    public void Counters_that_were_reset_have_no_rate() =>
        Assert.All(new TopRows(Now, Before, 1).Services().Rows, static r => Assert.Equal(0, r.Values[0]));

    [Fact]
    public void Keys_select_sort_and_drill_down()
    {
        var state = new TopState();
        var services = state.TableOf(Rows);
        Assert.Equal(services.Rows.Select(static r => r.Values[0]).OrderDescending(),
            services.Rows.Select(static r => r.Values[0]));
        Press(state, ConsoleKey.R);
        Assert.Equal(services.Rows.Reverse().Select(static r => r.Name),
            state.TableOf(Rows).Rows.Select(static r => r.Name));
        Press(state, ConsoleKey.R);
        Press(state, ConsoleKey.DownArrow);
        Assert.Equal(1, state.SelectedOf(state.TableOf(Rows)));
        string selected = services.Rows[1].Name;
        Press(state, ConsoleKey.Enter);
        Assert.Equal("servers of " + selected, state.TableOf(Rows).Title);
        Assert.NotEmpty(state.TableOf(Rows).Rows);
        Press(state, ConsoleKey.S);
        Assert.Equal(1, state.ColumnOf(state.TableOf(Rows)));
        Press(state, ConsoleKey.Escape);
        Press(state, ConsoleKey.Tab);
        Assert.Equal("servers", state.TableOf(Rows).Title);
        Press(state, ConsoleKey.Tab);
        Assert.Equal("drops", state.TableOf(Rows).Title);
        Assert.False(state.HasEnded);
        Press(state, ConsoleKey.Q);
        Assert.True(state.HasEnded);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(20, 5)]
    [InlineData(200, 50)]
    public void Screen_fits_the_terminal(int width, int height)
    {
        var state = new TopState();
        for (int view = 0; view < 3; view++)
        {
            for (int i = 0; i < 30; i++)
                Press(state, ConsoleKey.DownArrow);
            var lines = TopScreen.Lines(Now, Rows, state, width, height, hasColours: false);
            Assert.InRange(lines.Count, 3, height);
            Assert.All(lines, l => Assert.True(l.Length <= width, l));
            Press(state, ConsoleKey.Tab);
        }
    }

    [Fact]
    public void Help_fits_a_terminal_of_80_columns() => Assert.InRange(TopState.Help.Length, 1, 80);

    [Fact]
    public void Selected_row_is_visible()
    {
        var state = new TopState();
        Press(state, ConsoleKey.Tab);
        Press(state, ConsoleKey.Tab);
        for (int i = 0; i < 100; i++)
            Press(state, ConsoleKey.DownArrow);
        var table = state.TableOf(Rows);
        string last = table.Rows[^1].Name;
        Assert.Contains(TopScreen.Lines(Now, Rows, state, 80, 6, hasColours: true),
            l => l.StartsWith("\x1b[7m" + last, StringComparison.Ordinal));
    }

    private static void Press(TopState state, ConsoleKey key) => state.Press(
        new ConsoleKeyInfo('\0', key, false, false, false), state.TableOf(Rows).Rows);
}
