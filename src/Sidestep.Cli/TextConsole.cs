using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Consoles for reports to people: in colours on a terminal, plain and wide if the output is
/// redirected.</summary>
internal static class TextConsole
{
    private const int RedirectedWidth = 160;

    /// <summary>A console that writes to <paramref name="output"/>.</summary>
    internal static IAnsiConsole On(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        if (Console.IsOutputRedirected)
            console.Profile.Width = RedirectedWidth;
        return console;
    }
}
