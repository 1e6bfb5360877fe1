using Sidestep.Testing;

namespace Sidestep.UnitTests.Vocabulary;

/// <summary>One word per meaning: retired words do not come back, and the glossary defines each term once.</summary>
public sealed class VocabularyTests
{
    private const string PagesAtTheTop = ".";
    private static readonly string[] Extensions = [".cs", ".c", ".h", ".md", ".yaml", ".json", ".ps1", ".sh", ".conf"];

    /// <summary>Files that name what was replaced, the specification of the words themselves, and a file with a name of
    /// xUnit.</summary>
    private static readonly string[] Exempt =
    [
        "docs/adr/0044-words-of-the-field.md", RetiredWord.ListFile,
        "tests/Sidestep.UnitTests/Vocabulary/RetiredWords.cs", "tests/Sidestep.UnitTests/Vocabulary/VocabularyTests.cs",
        "tests/Sidestep.SystemTests/Fixtures/LongInlineDataAttribute.cs",
    ];

    [Theory]
    [InlineData(PagesAtTheTop)]
    [InlineData("src")]
    [InlineData("docs")]
    [InlineData("tests")]
    [InlineData("packaging")]
    [InlineData("lab")]
    [InlineData("benchmarks")]
    [InlineData("fuzz")]
    [InlineData("eng")]
    public void Folder_has_no_retired_word(string folder)
    {
        var files = (folder == PagesAtTheTop ? Pages() : FilesOf(folder))
            .Where(static f => !Exempt.Contains(f)).ToList();
        Assert.NotEmpty(files);
        var found = files.SelectMany(static f => RetiredWords.Find(f, File.ReadAllText(Repository.File(f)))).ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Fact]
    public void Glossary_defines_each_term_once()
    {
        var terms = GlossaryTerms().ToList();
        Assert.True(terms.Count > 50, $"{terms.Count} terms were read");
        Assert.Empty(terms.GroupBy(static t => t, StringComparer.OrdinalIgnoreCase)
            .Where(static g => g.Count() > 1).Select(static g => g.Key));
    }

    [Fact]
    public void Glossary_names_the_source_of_each_term() =>
        Assert.Empty(GlossaryRows().Where(static r => r.Length != 3 || r[2].Length == 0)
            .Select(static r => string.Join(" | ", r)));

    [Theory]
    [InlineData("a.cs", "var probePatience = 1;", "patience")]
    [InlineData("a.cs", "/// <summary>A remembered flow.</summary>", "remembered")]
    [InlineData("a.cs", "var halfNumber = 0;", "half")]
    [InlineData("a.h", "__u32 half_number;", "half")]
    [InlineData("a.cs", "class WaysOut;", "ways")]
    [InlineData("a.md", "It takes the `slow path` there.", "slow path")]
    [InlineData("a.md", "a flow that goes the plain\nway", "plain way")]
    [InlineData("a.yaml", "  goodProbes: 2", "goodProbes")]
    [InlineData("a.json", "{ \"takes\": [] }", "takes")]
    [InlineData("src/Sidestep.Daemon/Doctor/Physician.cs", "", "physician")]
    public void Retired_word_is_found(string file, string text, string word) =>
        Assert.Contains(RetiredWords.Find(file, text),
            f => f.Contains($"'{word}'", StringComparison.OrdinalIgnoreCase));

    [Theory]
    [InlineData("a.cs", "// half a second of behalf and gateway, always")]
    [InlineData("a.cs", "var text = \"It fits.\"; // kept as it is")]
    [InlineData("a.cs", "NextHops.Find(MulticastGroups);")]
    [InlineData("a.md", "The kernel takes the outer header off.")]
    public void Plain_English_and_field_terms_are_allowed(string file, string text) =>
        Assert.Empty(RetiredWords.Find(file, text));

    private static IEnumerable<string> FilesOf(string folder) =>
        Directory.EnumerateFiles(Repository.File(folder), "*", SearchOption.AllDirectories)
            .Where(static f => Extensions.Contains(Path.GetExtension(f))
                && !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(static f => Path.GetRelativePath(Repository.Root, f)).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(Repository.Root, "*.md").Select(static f => Path.GetFileName(f))
            .Where(static f => f != "CHANGELOG.md");

    private static IEnumerable<string> GlossaryTerms() =>
        GlossaryRows().SelectMany(static r => r[0].Split(", ")).Select(static t => t.Trim('`', ' '));

    private static IEnumerable<string[]> GlossaryRows() =>
        File.ReadLines(Repository.File("docs/glossary.md")).Where(static l => l.StartsWith('|'))
            .Select(static l => l.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries))
            .Where(static r => r[0] != "term" && !r[0].StartsWith('-'));
}
