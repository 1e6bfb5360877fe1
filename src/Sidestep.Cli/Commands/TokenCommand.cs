using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Cli.Contexts;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep token</c>: tokens for programs that use a director.</summary>
public static class TokenCommand
{
    /// <summary>Creates the <c>token</c> command with its subcommands.</summary>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var request = new DirectorRequest(connect);
        return new Command("token", "The tokens of a director, for programs and logins.")
        {
            List(request), Make(request), Revoke(request),
        };
    }

    private static Command List(DirectorRequest request)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("list", "Show the tokens, without their secrets. Exit codes: 0: shown; 1: rejected; "
            + "2: the director does not respond.")
        {
            json,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                var tokens = await client.ListTokensAsync(CancellationToken.None).ConfigureAwait(false);
                var output = parsed.InvocationConfiguration.Output;
                if (parsed.GetValue(json))
                {
                    output.WriteLine(JsonSerializer.Serialize(tokens, ApiJson.Indented.TokenList));
                    return ExitCode.Ok;
                }
                var table = new ReportTable(["token", "role", "scope", "user", "expires", "created by"]);
                foreach (var token in tokens.Items)
                {
                    table.AddRow(token.Name, token.Role.Name(), token.Scope ?? "", token.User ?? "",
                        SessionText.Time(token.Expires), token.CreatedBy ?? "");
                }
                table.Write(TextConsole.On(output));
                return ExitCode.Ok;
            }));
        return command;
    }

    private static Command Make(DirectorRequest request)
    {
        var name = new Argument<string>("NAME") { Description = "A name for the token." };
        var role = UserCommand.RoleOption();
        var scope = UserCommand.ScopeOption();
        var days = new Option<int>("--days")
        {
            Description = "How long it is valid.",
            DefaultValueFactory = static _ => new TokenRequest("", Role.Viewer).Days,
        };
        var command = new Command("create",
            "Create a token, and print its secret, which is not stored. Exit codes: 0: created; 1: rejected; 2: the "
            + "director does not respond.")
        {
            name, role, scope, days,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                var issued = await client.CreateTokenAsync(
                    new TokenRequest(parsed.GetRequiredValue(name), parsed.GetRequiredValue(role),
                        parsed.GetValue(days))
                    {
                        Scope = parsed.GetValue(scope),
                    }, CancellationToken.None).ConfigureAwait(false);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(issued.Token).ConfigureAwait(false);
                return ExitCode.Ok;
            }));
        return command;
    }

    private static Command Revoke(DirectorRequest request)
    {
        var name = new Argument<string>("NAME") { Description = "The token." };
        var command = new Command("revoke",
            "Revoke a token at once. Exit codes: 0: revoked; 1: there is no such token, or rejected; 2: the director "
            + "does not respond.")
        {
            name,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                await client.RevokeTokenAsync(parsed.GetRequiredValue(name), CancellationToken.None)
                    .ConfigureAwait(false);
                return ExitCode.Ok;
            }));
        return command;
    }
}
