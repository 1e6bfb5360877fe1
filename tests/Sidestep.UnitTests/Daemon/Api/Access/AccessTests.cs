using System.Text.Json.Nodes;
using Sidestep.Api.Access;
using Sidestep.Api.Audit;
using Sidestep.UnitTests.Daemon.Api.Rest;

namespace Sidestep.UnitTests.Daemon.Api.Access;

public sealed class AccessTests() : RemoteTests(TestDirector.Yaml)
{
    private const string Password = "correct horse battery";

    [Fact]
    public async Task User_logs_in_works_and_logs_out()
    {
        await PutUserAsync("alice", $$"""{ "role": "administrator", "password": "{{Password}}" }""");
        var login = await LogInAsync("alice", Password);
        string token = login["token"]!;
        Assert.StartsWith("sidestep_", token, StringComparison.Ordinal);
        Assert.Equal("user alice", (await RemoteAsync("GET", "session", token))["name"]);
        var change = await RemoteAsync("PATCH", "pools/web/servers/web1", token, """{ "weight": 3 }""",
            "application/merge-patch+json");
        Assert.Equal(200, change.Status);
        Assert.Equal("user alice", Rest.Source.Writable!.Revisions[^1].Author);
        Assert.Equal(204, (await RemoteAsync("POST", "logout", token)).Status);
        (await RemoteAsync("GET", "session", token)).Problem(401, "not logged in");
    }

    [Fact]
    public async Task Login_has_the_role_that_its_user_has_now()
    {
        await PutUserAsync("alice", $$"""{ "role": "administrator", "password": "{{Password}}" }""");
        string token = (await LogInAsync("alice", Password))["token"]!;
        await PutUserAsync("alice", """{ "role": "viewer" }""");
        Assert.Equal("viewer", (await RemoteAsync("GET", "session", token))["role"]);
        Assert.Equal(204, (await SendAsync("DELETE", "users/alice")).Status);
        Assert.Equal(401, (await RemoteAsync("GET", "session", token)).Status);
    }

    [Fact]
    public async Task New_password_ends_the_logins_with_the_old_one()
    {
        await PutUserAsync("alice", $$"""{ "role": "viewer", "password": "{{Password}}" }""");
        string token = (await LogInAsync("alice", Password))["token"]!;
        await PutUserAsync("alice", """{ "role": "viewer", "password": "another long password" }""");
        Assert.Equal(401, (await RemoteAsync("GET", "session", token)).Status);
        Assert.Equal(401, (await LogInAsync("alice", Password)).Status);
        Assert.Equal(200, (await LogInAsync("alice", "another long password")).Status);
    }

    [Theory]
    [InlineData("alice", "correct horse batterY")]
    [InlineData("alice", "")]
    [InlineData("mallory", Password)]
    [InlineData("bob", Password)]
    [InlineData("bob", "")]
    public async Task Wrong_login_does_not_tell_whether_the_user_exists(string user, string password)
    {
        await PutUserAsync("alice", $$"""{ "role": "viewer", "password": "{{Password}}" }""");
        await PutUserAsync("bob", """{ "role": "viewer" }""");
        Assert.Equal("the password is wrong, or there is no such user with a password",
            (await LogInAsync(user, password)).Problem(401, "not logged in"));
    }

    [Fact]
    public async Task Guessing_is_slowed_and_right_logins_are_not()
    {
        await PutUserAsync("alice", $$"""{ "role": "viewer", "password": "{{Password}}" }""");
        for (int i = 0; i < 15; i++)
            Assert.Equal(200, (await LogInAsync("alice", Password)).Status);
        var statuses = new List<int>();
        for (int i = 0; i < 12; i++)
            statuses.Add((await LogInAsync("alice", $"guess {i}")).Status);
        Assert.Equal(Enumerable.Repeat(401, 10), statuses.Take(10));
        Assert.Equal(429, statuses[^1]);
    }

    [Fact]
    public async Task Token_is_shown_once_and_stored_as_a_hash()
    {
        string secret = await TokenAsync("ci", Role.Operator);
        Assert.Equal("operator", (await RemoteAsync("GET", "session", secret))["role"]);
        var list = await GetAsync("tokens");
        Assert.Contains("\"ci\"", list.Text, StringComparison.Ordinal);
        string stored = await File.ReadAllTextAsync(AccessPath, Cancellation);
        string[] texts = [list.Text, stored, await File.ReadAllTextAsync(AuditPath, Cancellation),
            string.Concat(Rest.Log.Lines)];
        Assert.All(texts, t => Assert.DoesNotContain(secret["sidestep_".Length..], t, StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(AccessPath));
        Assert.Equal(204, (await SendAsync("DELETE", "tokens/ci")).Status);
        Assert.Equal(401, (await RemoteAsync("GET", "session", secret)).Status);
        Assert.Equal("there is no token 'ci'", (await SendAsync("DELETE", "tokens/ci")).Problem(404, "not found"));
    }

    [Theory]
    [InlineData("tokens", "POST", """{ "name": "a b", "role": "viewer" }""",
        "'a b' is not a name: write 1 to 63 letters, digits, '-', '_', '.' or '@'")]
    [InlineData("tokens", "POST", """{ "name": "a", "role": "viewer", "days": 0 }""",
        "days is 0: write a number from 1 to 366")]
    [InlineData("tokens", "POST", """{ "name": "a", "role": "viewer", "scope": "" }""",
        "scope: '' is not a label selector: leave it out, or write terms like KEY=VALUE with commas between them")]
    [InlineData("tokens", "POST", """{ "name": "a", "role": "viewer", "scope": "=" }""",
        "scope: '=' is not a label selector: leave it out, or write terms like KEY=VALUE with commas between them")]
    [InlineData("users/alice", "PUT", """{ "role": "viewer", "password": "short" }""",
        "the password has 5 characters: write 12 to 256")]
    public async Task Wrong_credentials_are_rejected_with_the_remedy(string path, string method, string body,
        string detail) => Assert.Equal(detail, (await SendAsync(method, path, body, "application/json"))
            .Problem(422, "not valid"));

    [Fact]
    public async Task Token_of_a_name_exists_once()
    {
        await TokenAsync("ci", Role.Viewer);
        Assert.Equal("there is a token 'ci': revoke it, or take another name", (await SendAsync("POST", "tokens",
            """{ "name": "ci", "role": "viewer" }""", "application/json")).Problem(422, "not valid"));
    }

    [Fact]
    public async Task Scope_limits_what_is_seen_and_changed()
    {
        Assert.Equal(200, (await PatchAsync("pools/web", """{ "labels": { "team": "shop" } }""")).Status);
        string token = await TokenAsync("shop", Role.Administrator, "team=shop");
        Assert.Equal(["web"], Names(await RemoteAsync("GET", "pools", token)));
        Assert.Equal(["web1", "web2"], Names(await RemoteAsync("GET", "pools/web/servers", token)));
        Assert.Empty(Names(await RemoteAsync("GET", "pools/dns/servers", token)));
        Assert.Equal(200, (await PatchRemoteAsync("pools/web/servers/web1", """{ "weight": 2 }""", token)).Status);
        Assert.Equal("token shop is limited to objects with the labels team=shop: pool 'dns' has others",
            (await PatchRemoteAsync("pools/dns", """{ "algorithm": "round-robin" }""", token))
            .Problem(403, "not allowed"));
        // Neither out of the scope, nor into it.
        Assert.Equal(403, (await PatchRemoteAsync("pools/web", """{ "labels": null }""", token)).Status);
        Assert.Equal(403, (await PatchRemoteAsync("pools/dns", """{ "labels": { "team": "shop" } }""", token)).Status);
        Assert.Equal(403, (await RemoteAsync("PUT", "pools/new", token,
            """{ "servers": [ { "name": "a", "address": "10.0.0.99" } ] }""")).Status);
        Assert.Equal(201, (await RemoteAsync("PUT", "pools/new", token,
            """{ "labels": { "team": "shop" }, "servers": [ { "name": "a", "address": "10.0.0.99" } ] }""")).Status);
    }

    [Fact]
    public async Task Stream_ends_when_its_token_is_revoked()
    {
        string token = await TokenAsync("s", Role.Viewer);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/stream?topics=revision");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var response = await RemoteHttp.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        // Another token does not end it.
        await TokenAsync("other", Role.Viewer);
        await PatchAsync("pools/web/servers/web1", """{ "weight": 5 }""");
        while (await reader.ReadLineAsync(Cancellation) != "event: revision")
        {
        }
        Assert.Equal(204, (await SendAsync("DELETE", "tokens/s")).Status);
        await Assert.ThrowsAnyAsync<IOException>(() =>
            reader.ReadToEndAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    [Fact]
    public async Task Parallel_guesses_are_slowed_too_and_wait_in_a_bounded_queue()
    {
        await PutUserAsync("alice", $$"""{ "role": "viewer", "password": "{{Password}}" }""");
        var guesses = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => LogInAsync("alice", $"guess {i}")));
        Assert.InRange(guesses.Count(static g => g.Status == 401), 1, 10);
        Assert.All(guesses, static g => Assert.Contains(g.Status, new[] { 401, 429, 503 }));
    }

    [Fact]
    public async Task Password_in_the_query_of_a_login_is_written_nowhere()
    {
        await RemoteAsync("POST", "login?password=geheimnis", null, "{}");
        Assert.DoesNotContain("geheimnis", await File.ReadAllTextAsync(AuditPath, Cancellation)
            + string.Concat(Rest.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_administrators_see_the_hash_key()
    {
        string key = (string)JsonNode.Parse((await GetAsync("group")).Text)!["hashKey"]!;
        await PatchAsync("group", """{ "hashKey": "00112233445566778899aabbccddeeff" }""");
        string viewer = await TokenAsync("v", Role.Viewer), administrator = await TokenAsync("a", Role.Administrator);
        foreach (string path in new[] { "group", "configuration", "revisions/2", "revisions/2/difference" })
        {
            string shown = (await RemoteAsync("GET", path, viewer)).Text;
            Assert.DoesNotContain("00112233445566778899aabbccddeeff", shown, StringComparison.Ordinal);
            Assert.DoesNotContain(key, shown, StringComparison.Ordinal);
            Assert.Contains("00112233445566778899aabbccddeeff", (await RemoteAsync("GET", path, administrator)).Text,
                StringComparison.Ordinal);
        }
        var yaml = await RemoteAsync("GET", "configuration", viewer, null, "",
            static r => r.Headers.TryAddWithoutValidation("Accept", "application/yaml"));
        Assert.Contains("pools:", yaml.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("hashKey", yaml.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_of_others_are_rejected()
    {
        string token = await TokenAsync("a", Role.Administrator);
        Assert.Equal("'rebound.example' is not a name of this listener: use its address, or localhost",
            (await RemoteAsync("GET", "status", token, null, "", static r => r.Headers.Host = "rebound.example"))
            .Problem(421, "wrong host"));
        Assert.Equal("a page of http://evil.example may not send requests to this listener",
            (await RemoteAsync("GET", "status", token, null, "",
                static r => r.Headers.TryAddWithoutValidation("Origin", "http://evil.example")))
            .Problem(403, "wrong origin"));
        Assert.Equal(200, (await RemoteAsync("GET", "status", token, null, "",
            r => r.Headers.TryAddWithoutValidation("Origin", Remote.Addresses.Single()))).Status);
    }

    [Fact]
    public async Task Client_that_floods_is_slowed()
    {
        string token = await TokenAsync("a", Role.Viewer);
        var statuses = new List<int>();
        for (int i = 0; i < 2000 && !statuses.Contains(429); i++)
            statuses.Add((await RemoteAsync("GET", "session", token)).Status);
        Assert.InRange(statuses.Count, 300, 2000);
        Assert.Equal(429, statuses[^1]);
    }

    [Fact]
    public async Task Audit_log_has_changes_and_refused_requests_and_can_be_verified()
    {
        Rest.Plan = static _ => TestRest.EmptyPlan;
        string viewer = await TokenAsync("v", Role.Viewer);
        await PatchAsync("pools/web/servers/web1", """{ "weight": 5 }""");
        await PatchAsync("pools/web/servers/web1?dryRun=true", """{ "weight": 6 }""");
        await PatchAsync("pools/web/servers/web1", """{ "weight": "x" }""");
        await GetAsync("pools");
        await PatchRemoteAsync("pools/web/servers/web1", """{ "weight": 7 }""", viewer);
        await RemoteAsync("GET", "status", "sidestep_wrong");
        var records = ReadAudit();
        Assert.Equal(
        [
            (201, "POST /api/v1/tokens", "token v, role viewer, until"),
            (200, "PATCH /api/v1/pools/web/servers/web1", "revision 2"),
            (422, "PATCH /api/v1/pools/web/servers/web1", ""),
            (403, "PATCH /api/v1/pools/web/servers/web1", ""),
            (401, "GET /api/v1/status", ""),
        ], records.Select(static r => (r.Status, r.Request, string.Join(' ', (r.Detail ?? "").Split(' ').Take(5)))));
        Assert.Contains("token v", records[3].Actor, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", records[3].Address);
        Assert.Null(records[1].Address);
        var result = AuditVerification.Verify(File.ReadLines(AuditPath), Rest.Log.Lines);
        Assert.Equal((5, 5, null), (result.Entries, result.Compared, result.Fault));
    }

    [Fact]
    public async Task Flood_of_refused_requests_is_counted_instead_of_written()
    {
        for (int i = 0; i < 100; i++)
            await RemoteAsync("GET", "status", null);
        Access.Flush();
        var records = ReadAudit();
        Assert.InRange(records.Length, 21, 61);
        Assert.Equal(100, records.Count(static r => r.Status == 401) + records.Where(static r => r.Status == 403)
            .Sum(static r => int.Parse(r.Detail!.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));
    }

    private AuditRecord[] ReadAudit() => [.. File.ReadLines(AuditPath).Select(static l => AuditChain.Read(l).Record)];

    private async Task PutUserAsync(string name, string body) => Assert.InRange(
        (await SendAsync("PUT", "users/" + name, body, "application/json")).Status, 200, 201);

    private Task<Rest.RestResponse> LogInAsync(string user, string password) => RemoteAsync("POST", "login", null,
        new JsonObject { ["user"] = user, ["password"] = password }.ToJsonString());

    private Task<Rest.RestResponse> PatchRemoteAsync(string path, string body, string token) =>
        RemoteAsync("PATCH", path, token, body, "application/merge-patch+json");

    private static IEnumerable<string> Names(Rest.RestResponse list) =>
        list.Json.GetProperty("items").EnumerateArray().Select(static i => i.GetProperty("name").GetString()!);
}
