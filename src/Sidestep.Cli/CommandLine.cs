using System.CommandLine;

namespace Sidestep.Cli;

/// <summary>Runs the command that the arguments name.</summary>
public static class CommandLine
{
    /// <summary>Parses the arguments and runs the command.</summary>
    /// <param name="root">The root command, with all subcommands.</param>
    /// <param name="args">The arguments of the process.</param>
    /// <param name="output">Where the command writes; null: the console.</param>
    /// <returns>A value of <see cref="ExitCode"/>.</returns>
    public static int Run(RootCommand root, string[] args, InvocationConfiguration? output = null)
    {
        ArgumentNullException.ThrowIfNull(root);
        var parsed = root.Parse(args);
        int code = parsed.Invoke(output);
        // The library returns 1 for a wrong command line, which here means that a check failed.
        return parsed.Errors.Count > 0 ? ExitCode.Unusable : code;
    }
}
