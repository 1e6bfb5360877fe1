using System.Text.Json.Nodes;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Model;

/// <summary>docs/configuration.md says what the description of the keys says.</summary>
public sealed class ConfigurationPageTests
{
    private static readonly string Page = Repository.Read("docs/configuration.md");

    public static TheoryData<string> Keys => [.. SchemaKeys.All().Select(k => k.Path)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Every_key_is_documented_with_its_values_and_default(string path)
    {
        var schema = SchemaKeys.All().Single(k => k.Path == path).Schema;
        var (values, @default) = Row(path);

        foreach (var word in schema["enum"]?.AsArray() ?? [])
            Assert.Contains($"`{word}`", values, StringComparison.Ordinal);
        if (schema["minimum"] is { } minimum)
            Assert.Equal($"{minimum} to {schema["maximum"]}", values);
        if (schema["maxItems"] is { } maxItems)
            Assert.Equal(schema["minItems"] is { } minItems ? $"{minItems} to {maxItems}" : $"at most {maxItems}",
                values);
        if ((string?)schema["type"] == "boolean")
            Assert.Equal("`true`, `false`", values);
        Assert.Equal(DefaultOf(path, schema), @default);
    }

    [Fact]
    public void Every_documented_key_is_known_to_the_reader()
    {
        var known = SchemaKeys.All().Select(k => k.Path).ToHashSet();
        string section = "";
        bool isKeyTable = false;
        foreach (string line in Page.Split('\n'))
        {
            isKeyTable = line.StartsWith("| key |", StringComparison.Ordinal) || (isKeyTable && line.StartsWith('|'));
            if (line.StartsWith("## ", StringComparison.Ordinal))
                section = line.StartsWith("## `", StringComparison.Ordinal) ? line[4..^1] + "." : "";
            if (isKeyTable && line.StartsWith("| `", StringComparison.Ordinal))
                Assert.Contains(section + line.Split('`')[1], known);
        }
    }

    [Fact]
    public void Table_cells_are_at_most_200_characters_long() =>
        Assert.All(Page.Split('\n').Where(static l => l.StartsWith('|')).SelectMany(static l => l.Split('|')),
            static cell => Assert.InRange(cell.Trim().Length, 0, 200));

    [Fact]
    public void Example_on_the_page_is_the_shipped_file() =>
        Assert.Contains($"```yaml\n{Repository.Read("docs/example.yaml")}```\n", Page, StringComparison.Ordinal);

    [Fact]
    public void Limits_on_the_page_are_those_of_the_reader()
    {
        Assert.Contains($"at most {Limits.RealServers} servers in all pools", Page, StringComparison.Ordinal);
        Assert.Contains($"at most {Limits.DocumentBytes / 1024 / 1024} MiB", Page, StringComparison.Ordinal);
        Assert.Contains($"1 to {Limits.NameLength} characters of", Page, StringComparison.Ordinal);
        Assert.Contains($"1 to {Limits.InterfaceNameLength} characters", Page, StringComparison.Ordinal);
        Assert.Contains($"{HashKey.Digits} hexadecimal digits", Page, StringComparison.Ordinal);
        Assert.Contains($"at most {Limits.PathLength} characters", Page, StringComparison.Ordinal);
    }

    private static (string Values, string Default) Row(string path)
    {
        int dot = path.LastIndexOf('.');
        string heading = dot < 0 ? "## The document\n" : $"## `{path[..dot]}`\n";
        int start = Page.IndexOf(heading, StringComparison.Ordinal);
        Assert.True(start >= 0, $"no heading {heading}");
        string section = Page[(start + heading.Length)..].Split("\n## ")[0];
        string row = Assert.Single(section.Split('\n'), l =>
            l.StartsWith($"| `{path[(dot + 1)..]}` |", StringComparison.Ordinal));
        var cells = row.Split('|');
        return (cells[2].Trim(), cells[3].Trim());
    }

    private static string DefaultOf(string path, JsonObject schema)
    {
        if (schema["default"] is { } @default)
            return $"`{@default}`";
        return IsRequired(path) ? "required" : "none";
    }

    private static bool IsRequired(string path)
    {
        int dot = path.LastIndexOf('.');
        var root = JsonNode.Parse(ConfigurationSchema.ToJson())!.AsObject();
        var mapping = dot < 0 ? root : SchemaKeys.All().Single(k => k.Path == path[..dot].TrimEnd('[', ']')).Schema;
        var required = (mapping["items"] ?? mapping)["required"]?.AsArray() ?? [];
        return required.Any(r => (string?)r == path[(dot + 1)..]);
    }
}
