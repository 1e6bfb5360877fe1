using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Api.Rest;

public sealed class OverrideTests() : RestTests(TestDirector.Yaml)
{
    private const string Path = "pools/web/servers/web1/override";

    [Fact]
    public async Task Override_is_set_changed_and_removed()
    {
        Assert.Equal("there is no override of real server 'web1' of pool 'web'",
            (await GetAsync(Path)).Problem(404, "not found"));
        var set = await PutAsync(Path, """{ "state": "draining", "reason": "disk" }""");
        Assert.Equal((200, "True", "True"), (set.Status, set["changed"], set["inForce"]));
        var read = await GetAsync(Path);
        Assert.Equal(("draining", "disk", "web", "web1"),
            (read["state"], read["reason"], read["pool"], read["server"]));
        Assert.Contains("root (uid 0", read["author"], StringComparison.Ordinal);
        var again = await PutAsync(Path, """{ "state": "draining", "reason": "disk" }""");
        Assert.Equal(("False", read.Tag), (again["changed"], again.Tag));
        Assert.Equal(200, (await PutAsync(Path, """{ "weight": 5 }""")).Status);
        Assert.Equal("", (await GetAsync(Path))["state"]);
        Assert.Single((await GetAsync("overrides")).Json.GetProperty("items").EnumerateArray());
        Assert.Equal("True", (await DeleteAsync(Path))["changed"]);
        Assert.Empty((await GetAsync("overrides")).Json.GetProperty("items").EnumerateArray());
        Assert.Contains(Rest.Log.Lines, static l => l.StartsWith("info: override of web/web1 by root (uid 0",
            StringComparison.Ordinal) && l.EndsWith(": draining, disk", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Changes_of_others_are_not_lost()
    {
        Assert.Equal(200, (await SendAsync("PUT", Path, """{ "weight": 5 }""", "application/json", null, "*")).Status);
        string? tag = (await GetAsync(Path)).Tag;
        Assert.Equal(200, (await PutAsync(Path, """{ "weight": 6 }""", tag)).Status);
        (await PutAsync(Path, """{ "weight": 7 }""", tag)).Problem(412, "precondition failed");
        (await SendAsync("PUT", Path, """{ "weight": 5 }""", "application/json", null, "*"))
            .Problem(412, "precondition failed");
    }

    [Fact]
    public async Task All_errors_are_named()
    {
        var response = await PutAsync(Path, """{ "weight": -1, "reason": "a\nb" }""");
        Assert.Equal("weight: out of range. Write a whole number from 0 to 1000; reason: has control characters. Write "
            + "one line of text", response.Problem(422, "not valid"));
        Assert.Equal(["/weight", "/reason"], response.Json.GetProperty("errors").EnumerateArray()
            .Select(static e => e.GetProperty("jsonPointer").GetString()));
        Assert.Equal("there is no real server 'web9' of pool 'web'",
            (await PutAsync("pools/web/servers/web9/override", """{ "weight": 1 }""")).Problem(404, "not found"));
    }

    [Fact]
    public async Task Dry_run_plans_the_override_and_sets_nothing()
    {
        Configuration? planned = null;
        Rest.Plan = configuration =>
        {
            planned = configuration;
            return TestRest.EmptyPlan with { Changes = true };
        };
        var response = await PutAsync(Path + "?dryRun=true", """{ "state": "maintenance" }""");
        Assert.Equal("True", response.Json.GetProperty("plan").GetProperty("changes").ToString());
        Assert.Equal(ServerState.Disabled, planned!.Pools[0].Servers[0].State);
        Assert.Empty(Rest.Overrides.All);
    }

    [Fact]
    public async Task Override_of_a_server_that_was_deleted_is_stale_and_can_be_removed()
    {
        await PutAsync(Path, """{ "weight": 5 }""");
        Assert.Equal(200, (await DeleteAsync("pools/web/servers/web1")).Status);
        Assert.True((await GetAsync("overrides")).Json.GetProperty("items")[0].GetProperty("isStale").GetBoolean());
        Assert.Equal(200, (await DeleteAsync(Path)).Status);
    }

    [Fact]
    public async Task Override_that_the_engine_rejects_is_not_in_force()
    {
        Rest.IsInForce = false;
        Assert.Equal("False", (await PutAsync(Path, """{ "weight": 5 }"""))["inForce"]);
    }
}

/// <summary>With a configuration file, the API changes the operational state and nothing else.</summary>
public sealed class OverrideWithFileTests() : RestTests(TestDirector.Yaml, isFile: true)
{
    [Fact]
    public async Task Override_works_and_the_configuration_is_read_only()
    {
        Assert.Equal("True",
            (await PutAsync("pools/web/servers/web1/override", """{ "state": "draining" }"""))["inForce"]);
        (await PatchAsync("pools/web/servers/web1", """{ "weight": 5 }""")).Problem(409, "read-only");
    }
}
