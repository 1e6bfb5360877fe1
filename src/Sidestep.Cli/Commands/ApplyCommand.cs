using System.CommandLine;
using Sidestep.Api;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep apply -f FILE</c>: makes a file the configuration of a running director.</summary>
public static class ApplyCommand
{
    /// <summary>Creates the <c>apply</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director, by its name and pin path.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var file = new Option<string>("--file", "-f")
        {
            Description = "The configuration file; - is standard input.",
            Required = true,
        };
        var command = new Command("apply",
            "Make a file the configuration of a director, which sidestepd --store runs. Exit codes: "
            + "0: in force, or unchanged; 1: rejected, stored but not in force, or no daemon runs; 2: the file cannot "
            + "be read, or the daemon does not respond or cannot store the change.")
        {
            file,
        };
        var director = new DirectorOptions(command);
        var change = new ChangeArguments(command);
        command.SetAction(parsed => new DirectorRequest(connect).RunWithFile(parsed, parsed.GetRequiredValue(file),
            director, async (client, text) => change.Print(parsed,
                await client.ApplyAsync(text, change.Of(parsed), CancellationToken.None).ConfigureAwait(false))));
        return command;
    }
}
