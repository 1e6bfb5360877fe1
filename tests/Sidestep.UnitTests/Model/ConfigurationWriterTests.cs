using Sidestep.Model;
using Sidestep.Model.Schema;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Model;

public sealed class ConfigurationWriterTests
{
    public static TheoryData<string> Files => [.. new[] { "docs", "lab" }
        .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.yaml",
            SearchOption.AllDirectories))
        .Where(static file => File.ReadLines(file).Any(static line => line == "node:"))
        .Select(static file => Path.GetRelativePath(Repository.Root, file))
        .Where(static file => !file.EndsWith("topology.yaml", StringComparison.Ordinal))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_configuration_is_read_as_it_was_written(int seed)
    {
        var random = new RandomConfiguration(seed);
        for (int round = 0; round < 100; round++)
            AssertRoundTrip(random.Next(), $"seed {seed}, round {round}");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Configuration_of_the_repository_is_read_as_it_was_written(string file)
    {
        // The lab replaces {run} by a folder of its run.
        var text = File.ReadAllText(Path.Combine(Repository.Root, file)).Replace("{run}", "/run/lab",
            StringComparison.Ordinal);
        var read = ConfigurationReader.Read(text, null);

        Assert.Empty(read.Errors);
        AssertRoundTrip(read.Configuration!, file);
    }

    [Fact]
    public void Written_yaml_has_the_order_of_the_schema_and_no_defaults()
    {
        const string Expected = """
            node:
              name: edge1
              interfaces:
                - name: eth0
                  driver: native
            group:
              hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f"
            networkProfiles:
              - name: fast
                type: tcp-fast-path
                dsrType: l2
              - name: routed
            pools:
              - name: web
                slots: 1021
                servers:
                  - name: web1
                    address: 10.0.0.11
                    weight: 5
                  - name: web2
                    address: 10.0.0.12
            virtualServices:
              - name: www
                vip: 203.0.113.10
                protocol: tcp
                port: 80
                pool: web
                networkProfile: fast
              - name: api
                vip: 203.0.113.20
                protocol: udp
                port: 443
                pool: web
                networkProfile: routed

            """;

        Assert.Equal(Expected, ConfigurationWriter.ToYaml(TestDocument.Read(TestDocument.Valid).Configuration!));
    }

    [Theory]
    [InlineData("true", "\"true\"")]
    [InlineData("no", "\"no\"")]
    [InlineData("1e5", "\"1e5\"")]
    [InlineData("12", "\"12\"")]
    [InlineData("web-1", "web-1")]
    [InlineData("2-4", "2-4")]
    public void Name_that_yaml_could_take_for_something_else_is_in_quotes(string name, string written)
    {
        var valid = TestDocument.Read(TestDocument.Valid).Configuration!;
        var renamed = valid with { Node = valid.Node with { Name = name } };

        Assert.Contains($"\n  name: {written}\n", ConfigurationWriter.ToYaml(renamed), StringComparison.Ordinal);
    }

    [Fact]
    public void Written_keys_are_in_the_order_of_the_schema()
    {
        var random = new RandomConfiguration(5);
        for (int round = 0; round < 100; round++)
            AssertOrder(System.Text.Json.Nodes.JsonNode.Parse(ConfigurationWriter.ToJson(random.Next()))!,
                DocumentSchema.Kind.ToJsonSchema());
    }

    private static void AssertOrder(System.Text.Json.Nodes.JsonNode node, System.Text.Json.Nodes.JsonNode schema)
    {
        if (node is System.Text.Json.Nodes.JsonArray array && schema["items"] is { } item)
        {
            foreach (var element in array)
                AssertOrder(element!, item);
        }
        else if (node is System.Text.Json.Nodes.JsonObject texts && schema["properties"] is null)
            Assert.Equal(texts.Select(static t => t.Key).Order(StringComparer.Ordinal),
                texts.Select(static t => t.Key));
        else if (node is System.Text.Json.Nodes.JsonObject mapping)
        {
            var order = schema["properties"]!.AsObject().Select(static p => p.Key).ToList();
            var written = mapping.Select(p => order.IndexOf(p.Key)).ToList();
            Assert.DoesNotContain(-1, written);
            Assert.Equal(written.Order(), written);
            foreach (var (key, value) in mapping)
                AssertOrder(value!, schema["properties"]![key]!);
        }
    }

    private static void AssertRoundTrip(Configuration configuration, string what)
    {
        foreach (var write in new Func<Configuration, string>[]
        {
            ConfigurationWriter.ToYaml, static c => ConfigurationWriter.ToJson(c),
            static c => ConfigurationWriter.ToJson(c, isIndented: false),
        })
        {
            string text = write(configuration);
            var issues = new IssueList();
            var root = ConfigurationReader.Bind(text, issues);
            Assert.True(!issues.HasErrors && root is not null, $"{what}: {string.Join('\n', issues.Errors)}\n{text}");
            var read = DocumentSchema.Build(root);
            Assert.True(DeepEquality.Difference(configuration, read) is null,
                $"{what}: {DeepEquality.Difference(configuration, read)}\n{text}");
            Assert.Equal(text, write(read));
        }
    }
}
