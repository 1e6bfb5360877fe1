using System.CommandLine;
using Sidestep.Api;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep rollback REVISION</c>: restores an earlier configuration of a running director.</summary>
public static class RollbackCommand
{
    /// <summary>Creates the <c>rollback</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director, by its name and pin path.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var number = new Argument<long>("REVISION") { Description = "Number of the revision, as in sidestep history." };
        var command = new Command("rollback",
            "Restore the configuration of a revision, as a new revision. Exit codes: 0: restored, or unchanged; 1: "
            + "rejected, or no daemon runs; 2: the daemon does not respond.")
        {
            number,
        };
        var director = new DirectorOptions(command);
        var change = new ChangeArguments(command);
        command.SetAction(parsed => new DirectorRequest(connect).Run(director.Read(parsed), null,
            parsed.InvocationConfiguration, async client => change.Print(parsed, await client.RollBackAsync(
                parsed.GetRequiredValue(number), change.Of(parsed), CancellationToken.None).ConfigureAwait(false))));
        return command;
    }
}
