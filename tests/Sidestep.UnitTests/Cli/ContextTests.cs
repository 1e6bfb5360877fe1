using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Cli.Contexts;
using Sidestep.UnitTests.Daemon;
using Sidestep.UnitTests.Daemon.Api.Access;

namespace Sidestep.UnitTests.Cli;

/// <summary>The command line of another machine: contexts, logins, users and tokens, over HTTP on loopback.</summary>
public sealed class ContextTests : RemoteTests
{
    private readonly TempFolder _folder = new();
    private readonly ContextFile _file;

    public ContextTests() : base(Daemon.TestDirector.Yaml) => _file = new ContextFile(_folder.Path("a/contexts.json"));

    private string Url => Remote.Addresses.Single();

    [Fact]
    public async Task Token_logs_in_and_commands_use_the_context()
    {
        string path = _folder.Write("token", await TokenAsync("ci", Role.Administrator) + "\n");
        var login = Login(Url, "--token-file", path, "--name", "edge");
        Assert.Equal((ExitCode.Ok, ""), (login.Code, login.Error));
        Assert.StartsWith($"Logged in to {Url}/ as token ci, administrator, until ", login.Output,
            StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(_folder.Path("a/contexts.json")));
        var users = Run(UserCommand.Create(Connect), "set", "alice", "--role", "operator", "--scope", "team=shop");
        Assert.Equal(new CommandRun(ExitCode.Ok, "user alice: operator of team=shop, without a password\n", ""), users);
        Assert.Contains("alice", Run(UserCommand.Create(Connect), "list").Output, StringComparison.Ordinal);
        string secret = Run(TokenCommand.Create(Connect), "create", "cd", "--role", "viewer", "--days", "1").Output;
        Assert.StartsWith("sidestep_", secret, StringComparison.Ordinal);
        Assert.DoesNotContain(secret.Trim(), Run(TokenCommand.Create(Connect), "list", "--json").Output,
            StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, Run(TokenCommand.Create(Connect), "revoke", "cd").Code);
        Assert.Equal(new CommandRun(ExitCode.Failed, "", "error: there is no token 'cd'\n"),
            Run(TokenCommand.Create(Connect), "revoke", "cd"));
        Assert.Equal(ExitCode.Ok, Run(UserCommand.Create(Connect), "delete", "alice").Code);
        Assert.Contains("*  edge", Run(ContextCommand.Create(_file), "list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logout_revokes_the_token_and_removes_the_context()
    {
        string token = await TokenAsync("ci", Role.Viewer);
        _file.Add(new DirectorContext("edge", new Uri(Url)) { Token = token });
        using var client = Connect(DirectorTarget.Of(_file.Select("edge")!));
        await client.LogOutAsync(Cancellation);
        Assert.Equal(401, (await RemoteAsync("GET", "session", token)).Status);
        _file.Remove("edge");
        Assert.Null(_file.Select(null));
    }

    [Fact]
    public void Wrong_token_is_rejected_and_stored_nowhere()
    {
        var run = Login(Url, "--token-file", _folder.Write("token", "sidestep_x\n"));
        Assert.Equal(new CommandRun(ExitCode.Failed, "",
            "error: the request has no valid credentials: log in, or send a token\n"), run);
        Assert.Empty(_file.Read().Contexts);
    }

    [Theory]
    [InlineData("http://10.0.0.2:7444", "http://10.0.0.2:7444 is not the URL of a director: write https://HOST:PORT; "
        + "http is possible on loopback only")]
    [InlineData("edge", "edge is not the URL of a director: write https://HOST:PORT; http is possible on loopback "
        + "only")]
    public void Secret_is_never_sent_in_the_clear(string url, string error) =>
        Assert.Contains(error, Login(url, "--user", "alice").Error, StringComparison.Ordinal);

    [Fact]
    public void Unknown_context_is_named_with_those_that_exist()
    {
        _file.Add(new DirectorContext("edge", new Uri("https://10.0.0.2:7444")) { Token = "t" });
        _file.Add(new DirectorContext("back", new Uri("https://10.0.0.3:7444")) { Token = "t" });
        Assert.Equal("back", _file.Select(null)!.Name);
        Assert.Equal("there is no context 'x': there are back, edge. Create it with sidestep login",
            Assert.Throws<ContextException>(() => _file.Select("x")).Message);
        _file.Use("edge");
        Assert.Equal("edge", _file.Select(null)!.Name);
        _file.Use(ContextFile.Local);
        Assert.Null(_file.Select(null));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{ "contexts": [ null ] }""")]
    [InlineData("""{ "contexts": [ { "name": "a", "server": "b" } ] }""")]
    public void Damaged_file_is_an_error_and_stays(string text)
    {
        Directory.CreateDirectory(_folder.Path("a"));
        _folder.Write("a/contexts.json", text);
        Assert.StartsWith(_folder.Path("a/contexts.json"),
            Assert.Throws<ContextException>(() => _file.Select("x")).Message, StringComparison.Ordinal);
        Assert.Throws<ContextException>(() => _file.Add(new DirectorContext("a", new Uri("https://b"))));
        Assert.Equal(text, File.ReadAllText(_folder.Path("a/contexts.json")));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    private CommandRun Login(params string[] arguments) =>
        CommandRun.Of(LoginCommand.Create(_file, DirectorConnection.Open), arguments);

    /// <summary>The commands of a user whose current context is that of the test.</summary>
    private DirectorClient Connect(DirectorTarget _) =>
        DirectorConnection.Open(DirectorTarget.Of(_file.Select(null)!));

    private static CommandRun Run(System.CommandLine.Command command, params string[] arguments) =>
        CommandRun.Of(command, arguments);
}
