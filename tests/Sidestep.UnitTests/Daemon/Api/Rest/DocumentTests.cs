using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Api.Rest;

public sealed class DocumentTests() : RestTests(TestDirector.Yaml)
{
    [Fact]
    public async Task Configuration_is_exported_and_applied_again_unchanged()
    {
        var json = await GetAsync("configuration");
        var yaml = await SendAsync("GET", "configuration", accept: "application/yaml");
        Assert.Equal(("application/json", "application/yaml"), (json.MediaType, yaml.MediaType));
        Assert.Null(yaml.Tag);
        Assert.Equal(ConfigurationWriter.ToYaml(TestDirector.Configuration), yaml.Text);
        foreach (var (text, type) in new[] { (json.Text, "application/json"), (yaml.Text, "application/yaml") })
        {
            var applied = await SendAsync("PUT", "configuration", text, type);
            Assert.Equal(("1", "False", json.Tag), (applied["revision"], applied["changed"], applied.Tag));
        }
    }

    [Fact]
    public async Task Errors_of_a_document_have_its_lines()
    {
        var response = await SendAsync("PUT", "configuration",
            TestDirector.Yaml.Replace("port: 80", "port: 70000", StringComparison.Ordinal), "application/yaml");
        response.Problem(422, "not valid");
        var error = response.Json.GetProperty("errors")[0];
        Assert.Equal(("/virtualServices/0/port", 20), (error.GetProperty("jsonPointer").GetString(),
            error.GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task Sections_are_read_replaced_and_patched()
    {
        var group = await GetAsync("group");
        const string Patch = """{ "peers": null, "flowTableSize": 2048 }""";
        Assert.Equal(200, (await PatchAsync("group", Patch, group.Tag)).Status);
        var patched = await GetAsync("group");
        Assert.Equal("2048", patched["flowTableSize"]);
        Assert.Equal(412, (await PutAsync("group", group.Text, group.Tag)).Status);
        Assert.Equal(200, (await PutAsync("group", group.Text, patched.Tag)).Status);
        Assert.Equal(group.Text, (await GetAsync("group")).Text);
        var wrong = await PatchAsync("group", """{ "flowTableSize": 1 }""");
        wrong.Problem(422, "not valid");
        Assert.Equal("/flowTableSize", wrong.Json.GetProperty("errors")[0].GetProperty("jsonPointer").GetString());
        Assert.Equal("edge1", (await GetAsync("node"))["name"]);
    }

    [Fact]
    public async Task Rollback_restores_a_revision_as_a_new_one()
    {
        var first = await GetAsync("configuration");
        await PatchAsync("configuration?reason=try",
            """{ "vips": [ { "address": "203.0.113.10", "echo": "drop" } ] }""");
        var difference = await GetAsync("revisions/2/difference");
        Assert.Equal(("1", "2"), (difference["before"], difference["after"]));
        Assert.Equal("vips[203.0.113.10]", difference.Json.GetProperty("values")[0].GetProperty("path").GetString());
        Assert.Equal(difference["values"], (await GetAsync("revisions/2/difference?since=1"))["values"]);

        var back = await SendAsync("POST", "revisions/1/rollback?reason=worse");
        Assert.Equal(("3", "True", first.Tag), (back["revision"], back["changed"], back.Tag));
        Assert.Equal(first.Text, (await GetAsync("configuration")).Text);
        Assert.Equal(first.Text, (await GetAsync("revisions/3")).Text);
        var last = Rest.Source.Writable!.Revisions[^1];
        Assert.Equal((1L, "worse"), (last.RollbackTo, last.Reason));
        Assert.Matches(@"^\S+ \(uid \d+(, login \S+)?\)$", last.Author);
    }

    [Theory]
    [InlineData("GET", "revisions/9", 404, "not found", "there is no revision 9 (any more)")]
    [InlineData("POST", "revisions/9/rollback", 404, "not found", "there is no revision 9 (any more)")]
    [InlineData("GET", "revisions/x", 400, "bad request",
        "'x' is not the number of a revision: write a whole number from 1")]
    public async Task Revision_that_is_not_there_is_an_error(string method, string path, int status, string title,
        string detail) => Assert.Equal(detail, (await SendAsync(method, path)).Problem(status, title));

    [Fact]
    public async Task First_revision_differs_from_nothing()
    {
        var difference = await GetAsync("revisions/1/difference");
        Assert.Equal(("0", "1"), (difference["before"], difference["after"]));
        Assert.Equal(1, difference.Json.GetProperty("values").GetArrayLength());
    }
}

public sealed class FileModeTests() : RestTests(TestDirector.Yaml, isFile: true)
{
    [Fact]
    public async Task Configuration_is_read_but_not_changed()
    {
        Assert.Equal("web1", (await GetAsync("pools/web/servers/web1"))["name"]);
        string detail = $"the configuration comes from {Rest.Source.Path}: change that file, which the director "
            + "follows. To change the configuration by requests, start sidestepd with --store";
        Assert.Equal(detail, (await PutAsync("access-lists/a", "{}")).Problem(409, "read-only"));
        Assert.Equal(detail, (await PatchAsync("group", "{}")).Problem(409, "read-only"));
        Assert.Equal(detail, (await DeleteAsync("pools/web")).Problem(409, "read-only"));
        Assert.Equal(
            $"the configuration comes from {Rest.Source.Path}, whose earlier contents the director does not store",
            (await GetAsync("revisions/1")).Problem(409, "read-only"));
    }

    [Fact]
    public async Task Newest_accepted_content_of_the_file_is_sent()
    {
        string? before = (await GetAsync("group")).Tag;
        Rest.Source.Accepted = TestDirector.Configuration with
        {
            Group = TestDirector.Configuration.Group with { FlowTableSize = 2048 },
        };
        var group = await GetAsync("group");
        Assert.Equal("2048", group["flowTableSize"]);
        Assert.NotEqual(before, group.Tag);
    }
}
