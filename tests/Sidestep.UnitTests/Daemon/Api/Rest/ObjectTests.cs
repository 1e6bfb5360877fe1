using System.Text.Json;
using Sidestep.Api.Plans;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Api.Rest;

public sealed class ObjectTests() : RestTests(Yaml)
{
    private const string Yaml = """
        node: { name: edge1, interfaces: [ { name: eth0 } ] }
        group: { hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873 }
        networkProfiles:
          - { name: near, dsrType: l2 }
        healthMonitors:
          - { name: http, type: http }
        pools:
          - name: web
            monitors: [ http ]
            labels: { team: shop, tier: front }
            servers: [ { name: web1, address: 10.0.0.11 }, { name: web2, address: 10.0.0.12, labels: { rack: r2 } } ]
          - { name: app, monitors: [ http ], labels: { team: shop }, servers: [ { name: app1, address: 10.0.0.21 } ] }
        accessLists:
          - { name: office, allow: [ 198.51.100.0/24 ] }
        vips:
          - { address: "2001:db8:113::/64", echo: always }
        virtualServices:
          - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web, networkProfile: near }
          - { name: api, vip: "2001:db8:113::/64", protocol: tcp, port: 443, pool: app, accessList: office }
        """;

    [Theory]
    [InlineData("network-profiles", "near")]
    [InlineData("health-monitors", "http")]
    [InlineData("pools", "app,web")]
    [InlineData("pools/web/servers", "web1,web2")]
    [InlineData("access-lists", "office")]
    [InlineData("virtual-services", "api,www")]
    public async Task Objects_are_listed_by_name(string path, string names)
    {
        var response = await GetAsync(path);
        Assert.Equal((200, "application/json"), (response.Status, response.MediaType));
        Assert.Equal(names, Names(response));
        Assert.False(response.Json.TryGetProperty("next", out _));
    }

    [Fact]
    public async Task Object_is_sent_as_in_the_configuration_with_its_tag()
    {
        var response = await GetAsync("pools/web/servers/web2");
        Assert.Equal("""{"name":"web2","address":"10.0.0.12","labels":{"rack":"r2"}}""", response.Text);
        var again = await SendAsync("GET", "pools/web/servers/web2", ifNoneMatch: response.Tag);
        Assert.Equal((304, "", response.Tag), (again.Status, again.Text, again.Tag));
    }

    [Theory]
    [InlineData("pools?labels=team%3Dshop", "app,web")]
    [InlineData("pools?labels=team%3Dshop,tier", "web")]
    [InlineData("pools?labels=!tier", "app")]
    [InlineData("pools?name=w*", "web")]
    [InlineData("pools/web/servers?name=web2&labels=rack%3Dr2", "web2")]
    [InlineData("pools/web/servers?labels=rack%3Dr3", "")]
    public async Task Lists_are_filtered_by_name_and_label(string path, string names) =>
        Assert.Equal(names, Names(await GetAsync(path)));

    [Fact]
    public async Task Pages_are_complete_while_objects_come_and_go()
    {
        for (int i = 0; i < 7; i++)
            Assert.Equal(201, (await PutAsync($"access-lists/l{i}", "{}")).Status);
        var first = await GetAsync("access-lists?limit=3");
        Assert.Equal(("l0,l1,l2", "l2"), (Names(first), first["next"]));
        await DeleteAsync("access-lists/l2");
        await DeleteAsync("access-lists/l3");
        await PutAsync("access-lists/l1a", "{}");
        var second = await GetAsync("access-lists?limit=3&after=l2");
        Assert.Equal(("l4,l5,l6", "l6"), (Names(second), second["next"]));
        Assert.Equal("office", Names(await GetAsync("access-lists?limit=3&after=l6")));
    }

    [Theory]
    [InlineData("pools?limit=0", "limit=0: write a whole number from 1 to 1000")]
    [InlineData("pools?labels=%3Dx",
        "labels: '=x' is not a term of a label selector: write KEY=VALUE, KEY!=VALUE, KEY or !KEY")]
    [InlineData("pools?nam=x", "'nam' is not a parameter: they are limit, after, name, labels")]
    [InlineData("pools?name=x&name=y", "'name' occurs 2 times: write it once")]
    [InlineData("pools/web?limit=1", "'limit' is not a parameter: there are none")]
    public async Task Wrong_parameter_is_an_error_that_names_it(string path, string detail) =>
        Assert.Equal(detail, (await GetAsync(path)).Problem(400, "bad request"));

    [Fact]
    public async Task Put_creates_and_is_idempotent()
    {
        const string Body = """{ "address": "10.0.0.13", "weight": 2 }""";
        var created = await PutAsync("pools/web/servers/web3?reason=more%20load", Body);
        Assert.Equal((201, "/api/v1/pools/web/servers/web3", "2", "True", "True"),
            (created.Status, created.Location, created["revision"], created["changed"], created["inForce"]));
        var value = created.Json.GetProperty("values")[0];
        Assert.Equal(("pools[web].servers[web3]", JsonValueKind.Null,
            """{"name":"web3","address":"10.0.0.13","weight":2}"""), (value.GetProperty("path").GetString(),
            value.GetProperty("before").ValueKind, value.GetProperty("after").GetString()));
        var again = await PutAsync("pools/web/servers/web3", Body);
        Assert.Equal((200, "2", "False", created.Tag), (again.Status, again["revision"], again["changed"], again.Tag));
        Assert.Equal(created.Tag, (await GetAsync("pools/web/servers/web3")).Tag);
        Assert.Contains(Rest.Log.Lines, static l => l.StartsWith("info: revision 2 of ", StringComparison.Ordinal)
            && l.EndsWith(" was accepted: more load", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Patch_merges_and_null_restores_the_default()
    {
        await PatchAsync("pools/web", """{ "slots": 4093, "labels": { "tier": null, "new": "1" } }""");
        var pool = await GetAsync("pools/web");
        Assert.Equal(("4093", """{"new":"1","team":"shop"}"""), (pool["slots"], pool["labels"]));
        Assert.Equal("web1,web2", string.Join(',', pool.Json.GetProperty("servers").EnumerateArray()
            .Select(static s => s.GetProperty("name").GetString())));
        var change = await PatchAsync("pools/web", """{ "slots": null }""");
        Assert.Equal("""[{"path":"pools[web].slots","before":"4093","after":null}]""", change["values"]);
    }

    [Fact]
    public async Task All_errors_have_the_words_of_the_check_and_pointers_into_the_body()
    {
        var response = await PutAsync("pools/web/servers/web2",
            """{ "address": "10.0.0.12", "weigth": 5, "state": 1 }""");
        string detail = response.Problem(422, "not valid");
        var errors = response.Json.GetProperty("errors").EnumerateArray().ToArray();
        Assert.Equal(["/weigth", "/state"],
            errors.Select(static e => e.GetProperty("jsonPointer").GetString()));
        Assert.Equal("pools[0].servers[1].weigth", errors[0].GetProperty("path").GetString());
        Assert.Equal(("a real server has no such key", "Did you mean weight?"),
            (errors[0].GetProperty("reason").GetString(), errors[0].GetProperty("remedy").GetString()));
        Assert.StartsWith("pools[0].servers[1].weigth: 5: a real server has no such key. Did you mean weight?", detail,
            StringComparison.Ordinal);
        Assert.Equal("2", (await PutAsync("access-lists/a", "{}"))["revision"]);
    }

    [Fact]
    public async Task Error_that_the_body_causes_elsewhere_has_no_pointer_and_names_the_place()
    {
        var response = await PatchAsync("network-profiles/near", """{ "type": "udp-fast-path" }""");
        response.Problem(422, "not valid");
        var error = response.Json.GetProperty("errors")[0];
        Assert.Equal("", error.GetProperty("jsonPointer").GetString());
        Assert.StartsWith("virtualServices[0]", error.GetProperty("path").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pools/web", "virtual service 'www'")]
    [InlineData("network-profiles/near", "virtual service 'www'")]
    [InlineData("access-lists/office", "virtual service 'api'")]
    [InlineData("health-monitors/http", "pool 'web',pool 'app'")]
    public async Task Object_in_use_is_not_deleted_and_the_users_are_named(string path, string users)
    {
        var response = await DeleteAsync(path);
        string detail = response.Problem(409, "in use");
        Assert.Equal(users, string.Join(',', response.Json.GetProperty("usedBy").EnumerateArray()
            .Select(static u => u.GetString())));
        Assert.Contains($" is used by {users.Split(',')[0]}", detail, StringComparison.Ordinal);
        Assert.Equal(200, (await GetAsync(path)).Status);
    }

    [Fact]
    public async Task Deleted_object_is_gone()
    {
        Assert.Equal("True", (await DeleteAsync("virtual-services/www"))["changed"]);
        Assert.Equal("there is no virtual service 'www'",
            (await GetAsync("virtual-services/www")).Problem(404, "not found"));
        Assert.Equal(200, (await DeleteAsync("pools/web")).Status);
        Assert.Equal("there is no pool 'web'", (await GetAsync("pools/web/servers")).Problem(404, "not found"));
        Assert.Equal("there is no pool 'web'", (await PutAsync("pools/web/servers/web1", "{}"))
            .Problem(404, "not found"));
        Assert.Equal("there is no pool 'web'", (await DeleteAsync("pools/web")).Problem(404, "not found"));
        Assert.Equal("there is no pool 'web'", (await PatchAsync("pools/web", "{}")).Problem(404, "not found"));
    }

    [Fact]
    public async Task Change_of_another_version_is_refused()
    {
        string? tag = (await GetAsync("pools/web")).Tag;
        Assert.Equal(200, (await PatchAsync("pools/web", """{ "slots": 4093 }""", tag)).Status);
        string? now = (await GetAsync("pools/web")).Tag;
        string detail = $"it has changed since: its entity tag is {now} now. Read it again, and repeat the change";
        Assert.Equal(detail, (await PatchAsync("pools/web", """{ "slots": 1021 }""", tag))
            .Problem(412, "precondition failed"));
        Assert.Equal(detail, (await DeleteAsync("pools/web", tag)).Problem(412, "precondition failed"));
        Assert.Equal("it does not exist", (await PutAsync("access-lists/new", "{}", "*"))
            .Problem(412, "precondition failed"));
        Assert.Equal("it exists already", (await SendAsync("PUT", "access-lists/office", "{}", "application/json",
            ifNoneMatch: "*")).Problem(412, "precondition failed"));
        // A change of another object does not matter.
        await PutAsync("access-lists/new", "{}");
        Assert.Equal(200, (await PatchAsync("pools/web", """{ "slots": 1021 }""", now)).Status);
    }

    [Fact]
    public async Task Dry_run_sends_the_plan_and_changes_nothing()
    {
        var planned = new List<Configuration>();
        Rest.Plan = configuration =>
        {
            planned.Add(configuration);
            return TestRest.EmptyPlan with { Changes = true, Slots = 1021, Flows = new FlowsForecast(1, 2, 3) };
        };
        var response = await PatchAsync("pools/web?dryRun=true", """{ "slots": 4093 }""");
        Assert.Equal(("1", "True"), (response["revision"], response["changed"]));
        Assert.Equal(3, response.Json.GetProperty("plan").GetProperty("flows").GetProperty("break").GetInt64());
        Assert.Equal(4093, Assert.Single(planned).Pools[0].Slots);
        Assert.False((await GetAsync("pools/web")).Json.TryGetProperty("slots", out _));
        Assert.Equal("dryRun=yes: write true or false",
            (await PatchAsync("pools/web?dryRun=yes", "{}")).Problem(400, "bad request"));
    }

    [Theory]
    [InlineData("vips/2001:db8:113::%2F64")]
    [InlineData("vips/2001:DB8:113:0::%2f64")]
    public async Task Prefix_is_found_in_any_spelling(string path)
    {
        Assert.Equal("always", (await GetAsync(path))["echo"]);
        Assert.Equal("""{"name":"x","address":"2001:db8:113::/64"}"""[..1], (await GetAsync(path)).Text[..1]);
        Assert.Equal("False", (await PutAsync(path, """{ "echo": "always" }"""))["changed"]);
    }

    [Theory]
    [InlineData("PUT", "pools/web", "[]", "application/json", 400, "bad request", "the body is not a JSON object")]
    [InlineData("PUT", "pools/web", """{ "name": "other" }""", "application/json", 400, "bad request",
        "name in the body is \"other\", and 'web' in the path: an object cannot be renamed. Create the new one and "
        + "delete the old one")]
    [InlineData("PATCH", "pools/web", """{ "name": null }""", "application/merge-patch+json", 400, "bad request",
        "name in the body is null, and 'web' in the path: an object cannot be renamed. Create the new one and delete "
        + "the old one")]
    [InlineData("PATCH", "pools/web", "{}", "application/json", 415, "wrong content type",
        "the Content-Type is application/json: send application/merge-patch+json")]
    [InlineData("PUT", "pools/web", "{}", "text/plain", 415, "wrong content type",
        "the Content-Type is text/plain: send application/json")]
    [InlineData("POST", "pools/web", "{}", "application/json", 405, "method not allowed",
        "/api/v1/pools/web has no POST: use DELETE or GET or PATCH or PUT")]
    [InlineData("PUT", "pools/web?reason=a%E2%80%AEb", "{}", "application/json", 400, "bad request",
        "reason has control characters: write one line of text")]
    public async Task Request_that_is_wrong_is_an_error(string method, string path, string body, string type,
        int status, string title, string detail) =>
        Assert.Equal(detail, (await SendAsync(method, path, body, type)).Problem(status, title));

    [Theory]
    [InlineData("[10.9.0.8]")]
    [InlineData("2001:db8:113::%2F064")]
    [InlineData("203.0.113.010")]
    public async Task Address_in_a_spelling_that_the_configuration_does_not_have_is_no_VIP(string name)
    {
        await PutAsync("vips/203.0.113.8", """{ "echo": "drop" }""");
        Assert.Equal(404, (await DeleteAsync($"vips/{name}")).Status);
    }

    [Theory]
    [InlineData("W/\"x\"")]
    [InlineData("x")]
    [InlineData("\"\"")]
    public async Task Value_of_If_Match_that_is_no_strong_entity_tag_is_an_error(string ifMatch) => Assert.Equal(
        $"If-Match is {ifMatch}: write * or entity tags of responses, with their quotes",
        (await PatchAsync("pools/web", "{}", ifMatch)).Problem(400, "bad request"));

    [Fact]
    public async Task Weak_tag_of_a_GET_is_compared_weakly() => Assert.Equal(304,
        (await SendAsync("GET", "pools/web", ifNoneMatch: "W/" + (await GetAsync("pools/web")).Tag)).Status);

    [Fact]
    public async Task Lone_surrogate_and_bytes_that_are_not_UTF8_are_errors()
    {
        foreach (string body in new[]
        {
            """{ "annotations": { "a": "\ud800" } }""", """{ "annotations": { "\ud800": "" } }""",
            """{ "name": "\ud800" }""",
        })
            (await PatchAsync("pools/web", body)).Problem(400, "bad request");
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/pools/web");
        request.Content = new ByteArrayContent([.. "{\"annotations\":{\"a\":\""u8, 0xff, .. "\"}}"u8]);
        request.Content.Headers.ContentType = new("application/merge-patch+json");
        using var response = await Http.SendAsync(request, Cancellation);
        Assert.Equal(400, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("{ \"a\": 1, \"a\": 2 }")]
    [InlineData("{ \"a\": ")]
    [InlineData("")]
    public async Task Body_that_is_not_JSON_is_an_error(string body) =>
        Assert.StartsWith("the body is not JSON: ", (await PutAsync("pools/web", body)).Problem(400, "bad request"),
            StringComparison.Ordinal);

    [Fact]
    public async Task Change_that_cannot_be_stored_is_refused_and_logged()
    {
        Rest.Flush = static _ => throw new IOException("no space left");
        Assert.Equal("no space left", (await PutAsync("access-lists/a", "{}")).Problem(503, "cannot be stored"));
        Assert.Contains("warning: a change was not accepted, because it cannot be stored: no space left",
            Rest.Log.Lines);
        Assert.Equal(404, (await GetAsync("access-lists/a")).Status);
    }

    /// <summary>Clients that read, add one and write with the tag repeat the change until it is accepted.</summary>
    [Fact]
    public async Task Concurrent_clients_lose_no_update()
    {
        const int Clients = 20, Changes = 5;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            for (int i = 0; i < Changes;)
            {
                var server = await GetAsync("pools/app/servers/app1");
                int weight = server.Json.TryGetProperty("weight", out var w) ? w.GetInt32() : 1;
                var change = await PatchAsync("pools/app/servers/app1", $$"""{ "weight": {{weight + 1}} }""",
                    server.Tag);
                if (change.Status == 200)
                    i++;
                else
                    change.Problem(412, "precondition failed");
            }
        }));
        Assert.Equal($"{1 + (Clients * Changes)}", (await GetAsync("pools/app/servers/app1"))["weight"]);
    }

    private static string Names(RestResponse response) => string.Join(',', response.Json.GetProperty("items")
        .EnumerateArray().Select(static i => i.GetProperty("name").GetString()));
}
