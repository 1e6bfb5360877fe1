using Sidestep.Lab.Live;

namespace Sidestep.SystemTests.Lab.Live;

/// <summary>The live view as a function of a model: exact screens, which are text files beside this one.</summary>
public sealed class LiveScreenTests
{
    [Theory]
    [InlineData(80, 24)]
    [InlineData(120, 40)]
    [InlineData(200, 50)]
    public void A_screen_is_exactly_as_expected(int width, int height)
    {
        var lines = LiveScreen.Render(LiveModels.Example, width, height);

        Assert.Equal(height, lines.Count);
        Assert.All(lines, line => Assert.Equal(width, line.Length));
        var expected = Repository.Read("tests", "Sidestep.SystemTests", "Lab", "Live", $"screen-{width}x{height}.txt");
        Assert.Equal(expected, string.Concat(lines.Select(l => l.Text.TrimEnd() + "\n")));
    }

    /// <summary>Also far below the smallest size that is supported, the screen has the size of the terminal.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 0)]
    [InlineData(40, 10)]
    [InlineData(80, 15)]
    [InlineData(117, 24)]
    [InlineData(118, 24)]
    [InlineData(159, 20)]
    [InlineData(160, 20)]
    [InlineData(300, 100)]
    public void Every_size_is_filled_exactly(int width, int height)
    {
        var lines = LiveScreen.Render(LiveModels.Example, width, height);

        Assert.Equal(height, lines.Count);
        Assert.All(lines, line => Assert.Equal(width, line.Length));
    }

    [Fact]
    public void A_low_terminal_gives_up_the_picture_and_keeps_servers_and_the_newest_event()
    {
        var screen = Text(LiveScreen.Render(LiveModels.Example, 80, 14));

        Assert.DoesNotContain("| director |", screen, StringComparison.Ordinal);
        Assert.Contains("> 2 web2    down", screen, StringComparison.Ordinal);
        Assert.Contains(" 01:02:05  web2: down: tcp, 203.0.113.10 80: Connection refused", screen,
            StringComparison.Ordinal);
        Assert.DoesNotContain("clients send 20 requests per second", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_keyboard_no_server_is_selected_and_the_footer_names_no_keys()
    {
        var screen = Text(LiveScreen.Render(LiveModels.Example with { HasKeys = false }, 80, 24));

        Assert.DoesNotContain("> 2", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("k: kill", screen, StringComparison.Ordinal);
        Assert.EndsWith(" Ctrl-C: quit\n", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Replies_at_the_director_are_red_and_none_are_green()
    {
        Assert.Equal(Tone.Good, ToneOf("(must be 0)", LiveModels.Example));
        Assert.Equal(Tone.Bad,
            ToneOf("(must be 0)", LiveModels.Example with { RepliesAtDirector = new LiveFlow(0, 1) }));
    }

    [Fact]
    public void The_state_of_a_server_decides_its_tone()
    {
        Assert.Equal(Tone.Good, ToneOf("healthy", LiveModels.Example));
        Assert.Equal(Tone.Bad, ToneOf("down      ", LiveModels.Example));
        Assert.Equal(Tone.Warning, ToneOf("draining  ", LiveModels.Example));
    }

    [Fact]
    public void A_frame_is_one_write_that_a_terminal_can_undo()
    {
        using var output = new MemoryStream();
        using (var screen = new TerminalScreen(output))
        {
            screen.Show([ScreenLine.Of("up", Tone.Good), ScreenLine.Of("plain")], 5, 2);
            var length = output.Length;
            screen.Show([ScreenLine.Of("up", Tone.Good), ScreenLine.Of("plain")], 5, 2);
            Assert.Equal(length, output.Length);
            screen.Show([ScreenLine.Of("down", Tone.Bad), ScreenLine.Of("plain")], 5, 2);
        }

        // xterm's control sequences: alternate screen 1049, cursor 25, wrapping 7; synchronised output 2026.
        Assert.Equal(
            "\e[?1049h\e[?25l\e[?7l"
            + "\e[2J\e[?2026h\e[H\e[32mup\e[0m\r\nplain\e[0m\e[?2026l"
            + "\e[?2026h\e[H\e[31mdown\e[0m\r\nplain\e[0m\e[?2026l"
            + "\e[0m\e[?7h\e[?25h\e[?1049l",
            System.Text.Encoding.UTF8.GetString(output.ToArray()));
    }

    private static string Text(IReadOnlyList<ScreenLine> lines) =>
        string.Concat(lines.Select(l => l.Text.TrimEnd() + "\n"));

    private static Tone ToneOf(string text, LiveModel model)
        => LiveScreen.Render(model, 80, 24).SelectMany(l => l.Pieces)
            .First(p => p.Text.Contains(text, StringComparison.Ordinal)).Tone;
}
