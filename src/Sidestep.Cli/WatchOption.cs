using System.CommandLine;

namespace Sidestep.Cli;

/// <summary>The option <c>--watch</c>: repeats a command every two seconds, until Ctrl+C.</summary>
internal sealed class WatchOption
{
    private const string ClearScreen = "\x1b[H\x1b[2J\x1b[3J";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Option<bool> _option = new("--watch", "-w")
    {
        Description = "Repeat every two seconds, until Ctrl+C: on a terminal in place, elsewhere below each other.",
    };

    /// <summary>Adds the option to a command.</summary>
    internal WatchOption(Command command) => command.Add(_option);

    /// <summary>Runs the command, once or repeatedly.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="run">Runs it once, and returns the exit code. Any code but 0 ends the repetition.</param>
    internal int Run(ParseResult parsed, Func<int> run)
    {
        if (!parsed.GetValue(_option))
            return run();
        var output = parsed.InvocationConfiguration.Output;
        bool isTerminal = TextConsole.IsTerminal(output);
        while (true)
        {
            if (isTerminal)
                output.Write(ClearScreen);
            int code = run();
            output.Flush();
            if (code != ExitCode.Ok)
                return code;
            Thread.Sleep(Interval);
        }
    }
}
