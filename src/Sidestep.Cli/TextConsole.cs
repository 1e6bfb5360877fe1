using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Consoles for reports to people: in colours on a terminal, plain and wide elsewhere.</summary>
internal static class TextConsole
{
    private const int RedirectedWidth = 160;

    /// <summary>Columns for lines to <paramref name="output"/>: the terminal's; elsewhere any line fits.</summary>
    internal static int WidthOf(TextWriter output) => IsTerminal(output) ? Console.WindowWidth : int.MaxValue;

    /// <summary>True if <paramref name="output"/> is a terminal that wants colours (no-color.org).</summary>
    internal static bool HasColours(TextWriter output) =>
        IsTerminal(output) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>One line of two parts; if it is wider than <paramref name="width"/>, the second part stands in an
    /// indented line below.</summary>
    /// <param name="first">The first part, possibly with colours.</param>
    /// <param name="second">The second part.</param>
    /// <param name="length">Visible characters of the whole line.</param>
    /// <param name="width">Columns of the terminal.</param>
    internal static string Wrapped(string first, string second, int length, int width) =>
        length <= width ? first + second : $"{first.TrimEnd()}\n    {second.TrimStart()}";

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

    /// <summary>True if it is a terminal.</summary>
    internal static bool IsTerminal(TextWriter output) =>
        ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
}
