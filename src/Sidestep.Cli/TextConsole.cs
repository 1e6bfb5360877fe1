using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Consoles for reports to people: in colours on a terminal, plain and wide elsewhere.</summary>
internal static class TextConsole
{
    private const int RedirectedWidth = 160;

    /// <summary>Columns for lines to <paramref name="output"/>: the terminal's; elsewhere any line fits.</summary>
    internal static int WidthOf(TextWriter output) => IsTerminal(output) ? Console.WindowWidth : int.MaxValue;

    /// <summary>A console that writes to <paramref name="output"/>.</summary>
    internal static IAnsiConsole On(TextWriter output)
    {
        var isTerminal = IsTerminal(output);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        });
        if (!isTerminal)
            console.Profile.Width = RedirectedWidth;
        return console;
    }

    private static bool IsTerminal(TextWriter output) =>
        ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
}
