using System.Text.Json;
using Sidestep.Model;
using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.UnitTests.Model;

/// <summary>One validation: the same issue has the same text from YAML, from JSON and from the model.</summary>
public sealed class SourceMapTests
{
    public static TheoryData<string> Names => [.. MistakeTests.Table.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Mistake_has_the_same_text_in_JSON(string name)
    {
        string yaml = Document(name);
        var issues = new IssueList();
        if (YamlParser.Parse(yaml, issues) is not { } root || issues.HasErrors || ToJson(root) is not { } nodes)
            return;
        string json = JsonEmitter.Emit(nodes, isIndented: true);

        var (fromYaml, fromJson) = (TestDocument.Read(yaml), TestDocument.Read(json));

        Assert.Equal(Texts(fromYaml), Texts(fromJson));
        Assert.All(fromJson.Errors.Concat(fromJson.Warnings), i => Assert.Equal(
            TextSourceMap.Of(json).Locate(i.JsonPointer).Line > 0, i.Line > 0));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Mistake_has_the_same_text_in_the_model(string name)
    {
        string yaml = Document(name);
        var issues = new IssueList();
        if (ConfigurationReader.Bind(yaml, issues) is not { } root || issues.HasErrors)
            return;
        var model = DocumentSchema.Build(root);
        // What the model cannot express: a key that repeats a default, or that the type of a monitor does not have.
        if (!Texts(TestDocument.Read(ConfigurationWriter.ToYaml(model))).SequenceEqual(
            Texts(TestDocument.Read(yaml))))
            return;

        var fromModel = ConfigurationValidator.Validate(model, TestDocument.Host);
        var fromForm = ConfigurationValidator.Validate(model, TestDocument.Host, TextSourceMap.Of(yaml));
        var fromYaml = TestDocument.Read(yaml);

        Assert.Equal(Texts(fromYaml), Texts(fromModel));
        Assert.All(fromModel.Errors.Concat(fromModel.Warnings), static i =>
        {
            Assert.Equal((0, 0), (i.Line, i.Column));
            Assert.StartsWith($"form:{i.JsonPointer}: error: ", i.Format("form", "error"), StringComparison.Ordinal);
        });
        // With the source map of the file, a form shows the lines of the file.
        Assert.Equal(TestDocument.Lines(fromYaml).Order(), TestDocument.Lines(fromForm).Order());
    }

    [Fact]
    public void Most_mistakes_are_compared_in_every_form()
    {
        int inJson = 0, inModel = 0;
        foreach (string name in MistakeTests.Table.Keys)
        {
            string yaml = Document(name);
            var issues = new IssueList();
            if (YamlParser.Parse(yaml, issues) is { } nodes && !issues.HasErrors && ToJson(nodes) is not null)
                inJson++;
            if (ConfigurationReader.Bind(yaml, issues) is { } root && !issues.HasErrors
                && Texts(TestDocument.Read(ConfigurationWriter.ToYaml(DocumentSchema.Build(root))))
                    .SequenceEqual(Texts(TestDocument.Read(yaml))))
                inModel++;
        }
        Assert.InRange(inJson, MistakeTests.Table.Count * 7 / 10, MistakeTests.Table.Count);
        Assert.InRange(inModel, 30, MistakeTests.Table.Count);
    }

    [Fact]
    public void Value_out_of_range_in_the_model_has_the_text_of_the_file()
    {
        var valid = TestDocument.Read(TestDocument.Valid).Configuration!;
        var pool = valid.Pools[0];
        var model = valid with
        {
            Pools = [pool with { Servers = pool.Servers.SetItem(0, pool.Servers[0] with { Weight = 1001 }) }],
        };

        var result = ConfigurationValidator.Validate(model, TestDocument.Host);

        Assert.Null(result.Configuration);
        var error = Assert.Single(result.Errors);
        Assert.Equal(TestDocument.ReadWith("weight: 5", "weight: 1001").Errors[0].ToString(), error.ToString());
        Assert.Equal("/pools/0/servers/0/weight", error.JsonPointer);
    }

    [Fact]
    public void Unknown_value_of_a_choice_in_the_model_is_an_error()
    {
        var valid = TestDocument.Read(TestDocument.Valid).Configuration!;
        var model = valid with { Node = valid.Node with { Engine = (EngineKind)77, Interfaces = default } };

        Assert.Equal(["/node/engine", "/node/interfaces"],
            ConfigurationValidator.Validate(model, null).Errors.Select(static e => e.JsonPointer).Order());
    }

    [Fact]
    public void Pointer_escapes_slash_and_tilde_and_text_map_finds_the_place()
    {
        const string Yaml = "node: {}\n\"a/b~c\":\n  - 1\n  - 2\n";
        var issue = Assert.Single(TestDocument.Read(Yaml).Errors, static e => e.Path.StartsWith('a'));
        Assert.Equal(("a/b~c", "/a~1b~0c"), (issue.Path, issue.JsonPointer));

        var map = TextSourceMap.Of(Yaml);
        Assert.Equal(new SourceLocation("/a~1b~0c/1", 4, 5), map.Locate("/a~1b~0c/1"));
        // A missing value is where it should be written.
        Assert.Equal(new SourceLocation("/node/name", 1, 7), map.Locate("/node/name"));
        Assert.Equal(new SourceLocation("/x"), TextSourceMap.Of("[").Locate("/x"));
    }

    private static string Document(string name)
    {
        var mistake = MistakeTests.Table[name];
        return TestDocument.Valid.Replace(mistake.Part, mistake.Replacement, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Texts(ConfigurationResult result) =>
        result.Errors.Select(static e => $"error {e.JsonPointer} {e}")
            .Concat(result.Warnings.Select(static w => $"warning {w.JsonPointer} {w}")).Order();

    /// <summary>The nodes as JSON can write them; null: a number is written as JSON does not allow.</summary>
    private static Node? ToJson(Node node)
    {
        switch (node)
        {
            case ScalarNode { IsNull: true }:
                return new ScalarNode(default, "null", false);
            case ScalarNode { Quoted: false } scalar when IsLiteral(scalar.Text):
                return scalar;
            case ScalarNode { Quoted: false, Text: [var sign, .. var digits] }
                when (char.IsAsciiDigit(sign) || sign is '-' or '+')
                && digits.All(static c => char.IsAsciiDigit(c) || c == '.') && digits.Count(static c => c == '.') < 2:
                return null;
            case ScalarNode scalar:
                return scalar with { Quoted = true };
            case ListNode list:
                var items = list.Items.Select(ToJson).ToList();
                return items.Contains(null) ? null : new ListNode(default, [.. items.OfType<Node>()]);
            default:
                var values = ((MappingNode)node).Entries.Select(static e => (e.Key, Value: ToJson(e.Value))).ToList();
                return values.Exists(static v => v.Value is null) ? null
                    : new MappingNode(default, [.. values.Select(static v => new MappingEntry(v.Key, v.Value!))]);
        }
    }

    private static bool IsLiteral(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
