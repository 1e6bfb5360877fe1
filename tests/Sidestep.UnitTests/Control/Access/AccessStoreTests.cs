using Sidestep.Api.Access;
using Sidestep.Control.Access;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control.Access;

public sealed class AccessStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    [Fact]
    public void Users_and_tokens_outlive_a_restart()
    {
        var store = Open();
        store.PutUser("alice", new UserRequest(Role.Operator) { Scope = "a=b", Password = "correct horse battery" });
        string login = store.LogIn("alice", "10.0.0.9").Token;
        string token = store.CreateToken(new TokenRequest("ci", Role.Viewer, 1), "root").Token;
        store = Open();
        Assert.True(store.IsPassword("alice", "correct horse battery"));
        Assert.False(store.IsPassword("alice", "correct horse batterz"));
        Assert.Equal(("user alice", Role.Operator, "a=b"),
            store.OfToken(login) is { } p ? (p.Name, p.Role, p.Scope) : default);
        Assert.Equal("token ci", store.OfToken(token)?.Name);
        Assert.Null(store.OfToken(token + "x"));
        Assert.Equal(["ci", "login-alice"],
            store.Tokens.Select(static t => string.Join('-', t.Name.Split('-').Take(2))));
    }

    [Fact]
    public void Token_ends_at_its_time()
    {
        var store = Open();
        string token = store.CreateToken(new TokenRequest("ci", Role.Viewer, 1), "root").Token;
        _time.Advance(TimeSpan.FromHours(23.9));
        Assert.NotNull(store.OfToken(token));
        _time.Advance(TimeSpan.FromHours(0.2));
        Assert.Null(store.OfToken(token));
        Assert.Empty(store.Tokens);
        // Its name is free again.
        store.CreateToken(new TokenRequest("ci", Role.Viewer, 1), "root");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{ "version": 2, "users": [], "tokens": [] }""")]
    [InlineData("""{ "version": 1, "users": [ null ], "tokens": [] }""")]
    [InlineData("""{ "version": 1, "users": [ {} ], "tokens": [] }""")]
    [InlineData("""{ "version": 1, "users": [], "tokens": [ { "name": "a", "sha256": "b", "scope": "=" } ] }""")]
    [InlineData("""{ "version": 1, "users": [], "tokens": [], "more": 1 }""")]
    public void Damaged_file_authenticates_no_client_and_stays(string text)
    {
        _folder.Write("access.json", text);
        var store = Open();
        Assert.StartsWith($"{_folder.Path("access.json")}: ", store.Problem, StringComparison.Ordinal);
        Assert.Null(store.OfUser("alice"));
        Assert.Equal(store.Problem,
            Assert.Throws<IOException>(() => store.PutUser("alice", new UserRequest(Role.Viewer))).Message);
        Assert.Equal(text, File.ReadAllText(_folder.Path("access.json")));
    }

    public void Dispose() => _folder.Dispose();

    private AccessStore Open() => new(_folder.Path("access.json"), _time);
}
