using Sidestep.Api.Captures;
using Sidestep.Cli.Capture;

namespace Sidestep.UnitTests.Cli;

/// <summary>The lines of a capture.</summary>
public sealed class TextOutputTests
{
    [Fact]
    public void Line_has_the_local_time_to_the_microsecond()
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000).ToLocalTime();
        Assert.StartsWith($"{time:HH:mm:ss}.123456 #7 in  eth0  ", Line(CaptureCommandTests.Frame(7), colours: false),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Line_ends_with_the_packet_and_its_length() =>
        Assert.EndsWith("  198.51.100.7:40000 > 203.0.113.10:80 tcp S, 54 bytes",
            Line(CaptureCommandTests.Frame(7), colours: false), StringComparison.Ordinal);

    [Theory]
    [InlineData("forward", "\e[32mforward\e[0m")]
    [InlineData("deliver-locally", "\e[32mdeliver-locally\e[0m")]
    [InlineData("pass", "\e[2mpass\e[0m")]
    [InlineData("echo-reply", "\e[33mecho-reply\e[0m")]
    [InlineData("punted", "\e[33mpunted\e[0m")]
    public void Decisions_have_colours(string decision, string expected) =>
        Assert.Contains(expected, Line(CaptureCommandTests.Frame(1) with { Decision = decision }, colours: true),
            StringComparison.Ordinal);

    [Fact]
    public void Drop_is_red_with_its_reason() =>
        Assert.Contains("  \e[31mdrop no-service\e[0m  198.", Line(CaptureCommandTests.Dropped(1), colours: true),
            StringComparison.Ordinal);

    [Fact]
    public void Service_without_a_server_is_shown_alone() =>
        Assert.Contains("  forward  www  198.",
            Line(CaptureCommandTests.Frame(1) with { Server = null }, colours: false),
            StringComparison.Ordinal);

    [Fact]
    public void Line_that_is_wider_than_the_terminal_continues_with_the_packet_below()
    {
        var frame = CaptureCommandTests.Frame(7);
        var whole = Line(frame, colours: false);
        Assert.Equal(whole, Line(frame, colours: false, whole.Length));
        var lines = Line(frame, colours: true, whole.Length - 1).Split('\n');
        Assert.EndsWith("\e[32mforward\e[0m  www -> web1", lines[0], StringComparison.Ordinal);
        Assert.Equal("    198.51.100.7:40000 > 203.0.113.10:80 tcp S, 54 bytes", lines[1]);
    }

    private static string Line(FrameRecord frame, bool colours, int width = int.MaxValue) => CommandRun.TextOf(o =>
    {
        using var output = new TextOutput(o, colours, width);
        output.Write(frame);
    }).TrimEnd('\n');
}
