using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Plain documents are read by a parser of their own: it must say what the library says. A tab, even in a
/// comment, leaves
/// a document to the library.</summary>
public sealed class YamlSubsetParserTests
{
    // Of the same length, because places behind the end are reported, too.
    private const string SubsetParserSuffix = "\n# ", LibraryParserSuffix = "\n#\t";

    private static readonly string[] Snippets =
    [
        "- ", "-", ": ", ":", " ", "  ", "    ", "\n", "\n  ", "\n    - ", " #", "#", ", ", ",", "[", "]", "{", "}",
            "[]", "{}", "\"", "'", "''",
        "\"a\"", "'b'", "a", "0", "10.0.0.11", "2001:db8::1", "::", "/24", "a:b", "a b", "null", "~", "web", "name: x",
            "{ name: x }",
        "[1, 2]", "[a: 1]", "---", "...", "\\", "|", ">", "&a ", "*a", "!t ", "? ", "=", "+", "%", "@", "`", "é",
            "<<: ", "port: 1\n",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_edits_read_the_same_with_both_parsers(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            string text = TestDocument.Valid;
            for (int edit = random.Next(1, 4); edit > 0; edit--)
            {
                int at = random.Next(text.Length + 1);
                int removed = random.Next(3) == 0 ? Math.Min(random.Next(1, 12), text.Length - at) : 0;
                text = text.Remove(at, removed)
                    .Insert(at, random.Next(6) == 0 ? "" : Snippets[random.Next(Snippets.Length)]);
            }
            AssertSame(text, $"seed {seed}, round {round}");
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Lines_with_other_indentation_read_the_same_with_both_parsers(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            var lines = TestDocument.Valid.Split('\n').ToList();
            for (int edit = random.Next(1, 4); edit > 0; edit--)
            {
                int at = random.Next(lines.Count);
                if (random.Next(4) == 0)
                    lines.Insert(random.Next(lines.Count), lines[at]);
                else
                    lines[at] = new string(' ', random.Next(9)) + lines[at].TrimStart();
            }
            AssertSame(string.Join('\n', lines), $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Truncated_document_reads_the_same_with_both_parsers()
    {
        for (int length = 0; length < TestDocument.Valid.Length; length++)
            AssertSame(TestDocument.Valid[..length], $"{length} characters");
    }

    private static void AssertSame(string text, string what)
    {
        var plain = ConfigurationReader.Read(text + SubsetParserSuffix, TestDocument.Host);
        // What is no YAML was read by the library already; an open quote may hold the comment.
        if (plain.Errors.Any(static e => e.Reason.StartsWith("not YAML", StringComparison.Ordinal)))
            return;
        var library = ConfigurationReader.Read(text + LibraryParserSuffix, TestDocument.Host);
        Assert.True(plain.Errors.SequenceEqual(library.Errors), $"{what}: errors\n{text}");
        Assert.True(plain.Warnings.SequenceEqual(library.Warnings), $"{what}: warnings\n{text}");
        Assert.True(Print(plain.Configuration) == Print(library.Configuration), $"{what}: configuration\n{text}");
    }

    // Records print lists by their type alone.
    private static string Print(Configuration? c) => c is null ? "" : string.Join('\n',
    [
        c.Director.ToString(), .. c.NetworkProfiles.Select(p => p.ToString()),
        .. c.Pools.Select(p => $"{p} {string.Join(' ', p.Servers)}"),
        .. c.VirtualServices.Select(s => $"{s} {string.Join(' ', s.Vips)} {string.Join(' ', s.Ports)}"),
    ]);
}
