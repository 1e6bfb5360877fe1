using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Consoles for reports to people: in colours on a terminal, plain and wide elsewhere.</summary>
internal static class TextConsole
{
    private const int RedirectedWidth = 160;

    /// <summary>A console that writes to <paramref name="output"/>.</summary>
    internal static IAnsiConsole On(TextWriter output)
    {
        var isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        });
        if (!isTerminal)
            console.Profile.Width = RedirectedWidth;
        return console;
    }
}
