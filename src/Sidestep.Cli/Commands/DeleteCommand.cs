using System.CommandLine;
using Sidestep.Api;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep delete KIND NAME</c>: deletes an object of a running director's configuration.</summary>
public static class DeleteCommand
{
    /// <summary>Creates the <c>delete</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director, by its name and pin path.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var command = new Command("delete",
            "Delete an object of the configuration of a director. An object that others use is not "
            + "deleted. Exit codes: 0: deleted; 1: rejected, or no daemon runs; 2: the daemon does not respond.");
        var which = new ObjectArguments(command, [], needsName: true);
        var director = new DirectorOptions(command);
        var change = new ChangeArguments(command);
        command.SetAction(parsed => new DirectorRequest(connect).Run(director.Read(parsed), null,
            parsed.InvocationConfiguration, async client => change.Print(parsed, await client.DeleteAsync(
                which.PathOf(parsed)!, change.Of(parsed), CancellationToken.None).ConfigureAwait(false))));
        return command;
    }
}
