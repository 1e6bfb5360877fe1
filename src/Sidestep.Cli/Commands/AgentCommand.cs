using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Cli.Contexts;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep agent</c>: certificates for the agents of real servers.</summary>
public static class AgentCommand
{
    private const int UsualMinutes = 60;

    /// <summary>Creates the <c>agent</c> command with its subcommands.</summary>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var request = new DirectorRequest(connect);
        return new Command("agent", "The agents of real servers: invitations and certificates.")
        {
            Invite(request), Revoke(request),
        };
    }

    private static Command Invite(DirectorRequest request)
    {
        var name = ServerArgument();
        var minutes = new Option<int>("--minutes")
        {
            Description = "How long the invitation is valid.",
            DefaultValueFactory = static _ => UsualMinutes,
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("invite",
            "Print the command that makes a host the managed real server of this name. Its token can be used once. "
                + "Exit codes: 0: invited; 1: rejected; 2: the director does not respond.")
        {
            name, minutes, json,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                var invitation = await client.InviteAgentAsync(parsed.GetRequiredValue(name), parsed.GetValue(minutes),
                    CancellationToken.None).ConfigureAwait(false);
                var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
                if (!invitation.IsConfigured)
                {
                    error.WriteLine($"note: no pool has a server '{invitation.Server}' yet: the agent waits until one "
                        + "has.");
                }
                if (parsed.GetValue(json))
                    output.WriteLine(JsonSerializer.Serialize(invitation, ApiJson.Indented.Invitation));
                else
                {
                    // The shell's own echo: other users do not see its arguments.
                    output.WriteLine($"echo {invitation.Token} | sudo sidestep-agent join "
                        + $"{invitation.Urls[0].AbsoluteUri}");
                    error.WriteLine($"Run this command on {invitation.Server} before "
                        + $"{SessionText.Time(invitation.Expires)}.");
                }
                return ExitCode.Ok;
            }));
        return command;
    }

    private static Command Revoke(DirectorRequest request)
    {
        var name = ServerArgument();
        var command = new Command("revoke",
            "Revoke the certificates and the invitation of an agent at once. A new invitation lets it back in. Exit "
            + "codes: 0: revoked; 1: rejected; 2: the director does not respond.")
        {
            name,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                await client.RevokeAgentAsync(parsed.GetRequiredValue(name), CancellationToken.None)
                    .ConfigureAwait(false);
                return ExitCode.Ok;
            }));
        return command;
    }

    private static Argument<string> ServerArgument() => new("SERVER")
    {
        Description = "The name or the address of the real server, as in its pool.",
    };
}
