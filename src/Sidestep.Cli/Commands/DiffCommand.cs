using System.CommandLine;
using Sidestep.Api;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep diff -f FILE</c>: what differs between a running director's configuration and a file.</summary>
public static class DiffCommand
{
    /// <summary>Creates the <c>diff</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director, by its name and pin path.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var file = new Option<string>("--file", "-f")
        {
            Description = "The configuration file; - is standard input.",
            Required = true,
        };
        var command = new Command("diff",
            "Show the values that differ between the configuration of a director (-) and a file (+). "
            + "Exit codes, as of diff: 0: none; 1: some; 2: the file cannot be read or has errors, or the daemon does "
            + "not respond.")
        {
            file,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed =>
        {
            bool isCompared = false;
            int code = new DirectorRequest(connect).RunWithFile(parsed, parsed.GetRequiredValue(file), director,
                async (client, text) =>
                {
                    var report = await client.ApplyAsync(text, new ChangeOptions(DryRun: true), CancellationToken.None)
                        .ConfigureAwait(false);
                    isCompared = true;
                    ChangeText.WriteValues(report.Values, parsed.InvocationConfiguration.Output);
                    return report.Changed ? ExitCode.Failed : ExitCode.Ok;
                });
            return isCompared ? code : ExitCode.Unusable;
        });
        return command;
    }
}
