using System.CommandLine;
using Sidestep.Api;
using Sidestep.Cli.Contexts;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep logout</c>: revokes the token of a login, and removes its context.</summary>
public static class LogoutCommand
{
    /// <summary>Creates the <c>logout</c> command.</summary>
    /// <param name="file">Stores contexts.</param>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(ContextFile file, Func<DirectorTarget, DirectorClient> connect)
    {
        ArgumentNullException.ThrowIfNull(file);
        var command = new Command("logout",
            "Remove a context, and revoke the token of its login. Exit codes: 0: removed; 2: there is no such context, "
            + "or its token cannot be revoked.");
        var which = new ContextOption(command);
        var force = new Option<bool>("--force")
        {
            Description = "Remove the context also if the director does not respond; its token stays valid.",
        };
        command.Add(force);
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            if (!which.TryRead(parsed, isLocal: false, out var context))
                return ExitCode.Unusable;
            if (context is null)
            {
                console.Error.WriteLine("error: no context is selected: name one with --context");
                return ExitCode.Unusable;
            }
            try
            {
                if (context.Token is not null)
                    Revoke(context, connect, parsed.GetValue(force));
                file.Remove(context.Name);
                console.Output.WriteLine($"The context {context.Name} is removed.");
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is DirectorException or ContextException)
            {
                console.Error.WriteLine($"error: {e.Message}. With --force, the context is removed all the same");
                return ExitCode.Unusable;
            }
        });
        return command;
    }

    private static void Revoke(DirectorContext context, Func<DirectorTarget, DirectorClient> connect, bool isForced)
    {
        try
        {
            using var client = connect(DirectorTarget.Of(context));
            client.LogOutAsync(CancellationToken.None).GetAwaiter().GetResult();
        }
        // 401: it has ended already.
        catch (DirectorException e) when (isForced || e.Status == 401)
        {
        }
    }
}
