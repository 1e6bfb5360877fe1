using Sidestep.Model;
using Sidestep.UnitTests.Model.Mistakes;

namespace Sidestep.UnitTests.Model;

public sealed class MistakeTests
{
    internal static readonly Dictionary<string, Mistake> Table = new Mistake[][]
    {
        MalformedYamlMistakes.All, ValueMistakes.All, AddressMistakes.All, KeyMistakes.All,
        VipAndPortMistakes.All, ProfileAndPoolMistakes.All, UnsupportedFeatureMistakes.All, ConsistencyMistakes.All,
            HostMistakes.All, WarningMistakes.All,
    }.SelectMany(m => m).ToDictionary(m => m.Name);

    public static TheoryData<string> Names => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Mistake_is_reported_with_position_value_reason_and_remedy(string name)
    {
        var mistake = Table[name];

        var result = TestDocument.ReadWith(mistake.Part, mistake.Replacement);

        Assert.Equal(mistake.Expected, TestDocument.Lines(result));
        Assert.Equal(result.Errors.IsEmpty, result.Configuration is not null);
    }

    [Fact]
    public void Valid_document_is_valid()
    {
        var result = TestDocument.Read(TestDocument.Valid);

        Assert.Empty(TestDocument.Lines(result));
        Assert.NotNull(result.Configuration);
    }

    [Fact]
    public void Issue_exposes_each_part_separately()
    {
        var issue = Assert.Single(TestDocument.ReadWith("port: 80", "port: 70000").Errors);

        Assert.Equal(
            new ConfigurationIssue("virtualServices[0].port", 31, 11, "70000", "out of range",
                "Write a whole number from 1 to 65535")
            {
                JsonPointer = "/virtualServices/0/port",
            },
            issue);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n...\n")]
    public void Empty_document_is_rejected(string yaml) => Assert.NotEmpty(TestDocument.Read(yaml).Errors);

    [Fact]
    public void Text_of_the_document_cannot_send_control_characters_to_a_terminal()
    {
        var result = TestDocument.ReadWith("pool: web\n    networkProfile: fast",
            "pool: \"a\\e[2Jb\\u202E\"\n    \"k\\e\": 1\n    networkProfile: fast");

        Assert.NotEmpty(result.Errors);
        foreach (string line in TestDocument.Lines(result))
            Assert.DoesNotContain(line, c => char.IsControl(c) || c == '\u202E');
    }

    [Fact]
    public void Long_value_is_truncated()
    {
        var issue = Assert.Single(TestDocument.ReadWith("driver: native", "driver: " + new string('x', 5000)).Errors);

        Assert.Equal(new string('x', Limits.QuotedCharacters) + "…", issue.Value);
    }
}
