using Sidestep.Model;
using Sidestep.UnitTests.Model.Mistakes;

namespace Sidestep.UnitTests.Model;

public sealed class MistakeTests
{
    private static readonly Dictionary<string, Mistake> Table = new Mistake[][]
    {
        MalformedYamlMistakes.All, ValuesMistakes.All, AddressesMistakes.All, KeysMistakes.All,
        VipsAndPortsMistakes.All, ProfilesAndPoolsMistakes.All, RefusalsMistakes.All, RulesMistakes.All, HostMistakes.All, WarningsMistakes.All,
    }.SelectMany(m => m).ToDictionary(m => m.Name);

    public static TheoryData<string> Names => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_reported_with_place_value_reason_and_cure(string name)
    {
        var mistake = Table[name];

        var result = TestDocument.ReadWith(mistake.Part, mistake.Replacement);

        Assert.Equal(mistake.Expected, TestDocument.Lines(result));
        Assert.Equal(result.Errors.IsEmpty, result.Configuration is not null);
    }

    [Fact]
    public void The_valid_document_is_valid()
    {
        var result = TestDocument.Read(TestDocument.Valid);

        Assert.Empty(TestDocument.Lines(result));
        Assert.NotNull(result.Configuration);
    }

    [Fact]
    public void An_issue_gives_each_part_on_its_own()
    {
        var issue = Assert.Single(TestDocument.ReadWith("port: 80", "port: 70000").Errors);

        Assert.Equal(
            new ConfigurationIssue("virtualServices[0].port", 31, 11, "70000", "out of range",
                "Write a whole number from 1 to 65535"),
            issue);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n...\n")]
    public void An_empty_document_is_refused(string yaml) => Assert.NotEmpty(TestDocument.Read(yaml).Errors);

    [Fact]
    public void Text_of_the_document_cannot_reach_a_terminal_as_control_characters()
    {
        var result = TestDocument.ReadWith("pool: web\n    networkProfile: fast",
            "pool: \"a\\e[2Jb\\u202E\"\n    \"k\\e\": 1\n    networkProfile: fast");

        Assert.NotEmpty(result.Errors);
        foreach (string line in TestDocument.Lines(result))
            Assert.DoesNotContain(line, c => char.IsControl(c) || c == '\u202E');
    }

    [Fact]
    public void A_long_value_is_cut()
    {
        var issue = Assert.Single(TestDocument.ReadWith("driver: native", "driver: " + new string('x', 5000)).Errors);

        Assert.Equal(new string('x', Limits.QuotedCharacters) + "…", issue.Value);
    }
}
