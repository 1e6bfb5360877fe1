using System.CommandLine;
using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Cli.Contexts;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep login URL</c>: makes a context for a director of another machine.</summary>
public static class LoginCommand
{
    private const string UsualContext = "default";

    /// <summary>Creates the <c>login</c> command with its arguments and options.</summary>
    /// <param name="file">Stores the context.</param>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(ContextFile file, Func<DirectorTarget, DirectorClient> connect)
    {
        ArgumentNullException.ThrowIfNull(file);
        var url = new Argument<Uri>("URL")
        {
            Description = "The listener node.management of the director, such as https://10.0.0.2:7444.",
            CustomParser = static result =>
            {
                if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri)
                    && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
                    return uri;
                result.AddError($"{result.Tokens[0].Value} is not the URL of a director: write https://HOST:PORT; "
                    + "http is possible on loopback only");
                return null;
            },
        };
        var name = new Option<string>("--name")
        {
            Description = "Name of the context.",
            DefaultValueFactory = static _ => UsualContext,
        };
        var user = new Option<string?>("--user", "-u")
        {
            Description = "Log in with the password of this user, which is asked for, or is the first line of standard "
                + "input.",
        };
        var token = new Option<string?>("--token-file")
        {
            Description = "Use the token in this file; - is standard input.",
        };
        var cert = new Option<string?>("--cert-file") { Description = "Use this certificate of a user, a PEM file." };
        var key = new Option<string?>("--key-file") { Description = "The private key of the certificate, a PEM file." };
        var authorities = new Option<string?>("--ca-file")
        {
            Description = "PEM file: the only authorities that may have issued the director's certificate. Without it: "
                + "those that this machine trusts.",
        };
        var command = new Command("login",
            "Log in to a director of another machine, and store how in a context, which later commands use. Exit "
                + "codes: 0: logged in; 1: rejected; 2: the director does not respond, or a file cannot be read.")
        {
            url, name, user, token, cert, key, authorities,
        };
        command.Validators.Add(result =>
        {
            if (new[] { user, token, cert }.Count(o => result.GetValue(o) is not null) != 1)
                result.AddError("name one of: --user, --token-file or --cert-file");
            if (result.GetValue(cert) is null != result.GetValue(key) is null)
                result.AddError("--cert-file and --key-file belong together");
            if (result.GetValue(name) == ContextFile.Local)
                result.AddError($"--name: '{ContextFile.Local}' stands for this machine");
        });
        command.SetAction(parsed =>
        {
            var console = parsed.InvocationConfiguration;
            try
            {
                var context = new DirectorContext(parsed.GetValue(name)!, parsed.GetRequiredValue(url))
                {
                    Authorities = parsed.GetValue(authorities) is { } path ? File.ReadAllText(path) : null,
                    Token = parsed.GetValue(token) is { } tokenPath ? SecretInput.ReadFile(tokenPath) : null,
                    CertFile = parsed.GetValue(cert) is { } certPath ? Path.GetFullPath(certPath) : null,
                    KeyFile = parsed.GetValue(key) is { } keyPath ? Path.GetFullPath(keyPath) : null,
                };
                var request = new DirectorRequest(connect);
                if (parsed.GetValue(user) is { } login)
                {
                    string password = SecretInput.Read($"Password of {login}", console.Error);
                    int code = request.Run(DirectorTarget.Of(context), null, console, async client =>
                    {
                        var issued = await client.LogInAsync(new LoginRequest(login, password), CancellationToken.None)
                            .ConfigureAwait(false);
                        context = context with { Token = issued.Token };
                        return ExitCode.Ok;
                    });
                    if (code != ExitCode.Ok)
                        return code;
                }
                return request.Run(DirectorTarget.Of(context), null, console, async client =>
                {
                    var session = await client.GetSessionAsync(CancellationToken.None).ConfigureAwait(false);
                    file.Add(context);
                    await console.Output.WriteLineAsync(
                        $"Logged in to {context.Server} as {session.Name}, {SessionText.Of(session)}. Commands use the "
                        + $"context {context.Name} from now on.").ConfigureAwait(false);
                    return ExitCode.Ok;
                });
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ContextException)
            {
                console.Error.WriteLine($"error: {e.Message}");
                return ExitCode.Unusable;
            }
        });
        return command;
    }
}
