using System.Text.Json.Nodes;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Model;

public sealed class SchemaTests
{
    [Fact]
    public void Shipped_schema_is_the_generated_one() =>
        // After a change: sidestep config schema > docs/sidestep.schema.json
        Assert.Equal(ConfigurationSchema.ToJson(), Repository.Read("docs/sidestep.schema.json"));

    [Fact]
    public void Every_key_and_mapping_has_a_description()
    {
        foreach (var (path, schema) in SchemaKeys.All())
            Assert.False(string.IsNullOrEmpty((string?)schema["description"]), path);
    }

    [Fact]
    public void Mappings_allow_no_additional_properties()
    {
        var root = JsonNode.Parse(ConfigurationSchema.ToJson())!.AsObject();
        Assert.False((bool)root["additionalProperties"]!);
        foreach (var (path, schema) in SchemaKeys.All())
        {
            if (schema["properties"] is not null)
                Assert.False((bool)schema["additionalProperties"]!, path);
        }
    }

    [Fact]
    public void Choices_ranges_and_defaults_are_in_the_schema()
    {
        var keys = SchemaKeys.All().ToDictionary(k => k.Path, k => k.Schema);

        Assert.Equal("""["l3","l2"]""", keys["networkProfiles[].dsrType"]["enum"]!.ToJsonString());
        Assert.Equal("l3", (string?)keys["networkProfiles[].dsrType"]["default"]);
        Assert.Equal(0, (int)keys["pools[].servers[].weight"]["minimum"]!);
        Assert.Equal(1000, (int)keys["pools[].servers[].weight"]["maximum"]!);
        Assert.Equal(1, (int)keys["pools[].servers[].weight"]["default"]!);
        Assert.Equal("[1021,4093,16381,65521,262139]", keys["pools[].slots"]["enum"]!.ToJsonString());
        Assert.Equal("""[{"format":"ipv4"},{"format":"ipv6"}]""",
            keys["pools[].servers[].address"]["anyOf"]!.ToJsonString());
        Assert.Equal(Limits.Interfaces, (int)keys["node.interfaces"]["maxItems"]!);
    }

    [Fact]
    public void Example_names_the_schema_for_editors()
    {
        // The editor that completes the example reads the schema by this line.
        Assert.StartsWith("# yaml-language-server: $schema=./sidestep.schema.json\n",
            Repository.Read("docs/example.yaml"));
        Assert.True(File.Exists(Repository.File("docs/sidestep.schema.json")));
    }
}
