using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Cli.Contexts;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep user</c>: who may use a director from other machines.</summary>
public static class UserCommand
{
    /// <summary>Creates the <c>user</c> command with its subcommands.</summary>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var request = new DirectorRequest(connect);
        return new Command("user", "The users of a director, who log in from other machines.")
        {
            List(request), Set(request), Delete(request),
        };
    }

    private static Command List(DirectorRequest request)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("list", "Show the users. Exit codes: 0: shown; 1: rejected; 2: the director does not "
            + "respond.")
        {
            json,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                var users = await client.ListUsersAsync(CancellationToken.None).ConfigureAwait(false);
                var output = parsed.InvocationConfiguration.Output;
                if (parsed.GetValue(json))
                {
                    output.WriteLine(JsonSerializer.Serialize(users, ApiJson.Indented.UserList));
                    return ExitCode.Ok;
                }
                var table = new ReportTable(["user", "role", "scope", "password", "created"]);
                foreach (var user in users.Items)
                {
                    table.AddRow(user.Name, user.Role.Name(), user.Scope ?? "",
                        user.HasPassword ? "yes" : "no",
                        SessionText.Time(user.Created));
                }
                table.Write(TextConsole.On(output));
                return ExitCode.Ok;
            }));
        return command;
    }

    private static Command Set(DirectorRequest request)
    {
        var name = NameArgument();
        var role = RoleOption();
        var scope = ScopeOption();
        var password = new Option<bool>("--password")
        {
            Description = "Set a password, which is asked for, or is the first line of standard input. Without it, a "
                + "user retains theirs; a new user can log in by certificate only.",
        };
        var command = new Command("set",
            "Create a user, or change role, scope and password of one. Exit codes: 0: set; 1: rejected; 2: the "
                + "director does not respond.")
        {
            name, role, scope, password,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            string user = parsed.GetRequiredValue(name);
            if (director.Read(parsed) is not { } target)
                return ExitCode.Unusable;
            string? secret = parsed.GetValue(password)
                ? SecretInput.Read($"New password of {user}", console.Error) : null;
            return request.Run(target, null, console, async client =>
            {
                var record = await client.PutUserAsync(user, new UserRequest(parsed.GetRequiredValue(role))
                {
                    Scope = parsed.GetValue(scope),
                    Password = secret,
                }, CancellationToken.None).ConfigureAwait(false);
                await console.Output.WriteLineAsync($"user {record.Name}: {record.Role.Name()}"
                    + (record.Scope is null ? "" : $" of {record.Scope}")
                    + (record.HasPassword ? "" : ", without a password")).ConfigureAwait(false);
                return ExitCode.Ok;
            });
        });
        return command;
    }

    private static Command Delete(DirectorRequest request)
    {
        var name = NameArgument();
        var command = new Command("delete",
            "Delete a user, and end the user's logins. Exit codes: 0: deleted; 1: there is no such user, or rejected; "
            + "2: the director does not respond.")
        {
            name,
        };
        var director = new DirectorOptions(command);
        command.SetAction(parsed => request.Run(director.Read(parsed), null, parsed.InvocationConfiguration,
            async client =>
            {
                await client.DeleteUserAsync(parsed.GetRequiredValue(name), CancellationToken.None)
                    .ConfigureAwait(false);
                return ExitCode.Ok;
            }));
        return command;
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "The user." };

    /// <summary>The option <c>--role</c>.</summary>
    internal static Option<Role> RoleOption()
    {
        var option = new Option<Role>("--role")
        {
            Description = "viewer reads; operator also drains servers, runs the doctor and captures; administrator "
                + "does everything.",
            Required = true,
        };
        option.AcceptOnlyFromAmong([.. Enum.GetValues<Role>().Select(RoleNames.Name)]);
        return option;
    }

    /// <summary>The option <c>--scope</c>.</summary>
    internal static Option<string?> ScopeOption() => new("--scope")
    {
        Description = "Limits to objects with these labels: KEY=VALUE, KEY!=VALUE, KEY or !KEY, with commas.",
    };
}
