using System.Text;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Whatever the document is, the reader answers: with a configuration, or with what is wrong.</summary>
public sealed class ConfigurationFuzzTests
{
    private const string SpecialCharacters = "[]{}:,-?&*!|>'\"%@`#\n\t ~\\\0\u0085\u2028\uFEFF\uD800é";

    private static readonly string[] Snippets =
    [
        "- ", ": ", "\n  ", "\n    ", "null", "~", "*a", "&a ", "!!str ", "---\n", "...\n", "<<: ", "? ", "|\n", ">-\n",
        "%YAML 1.2\n", "[", "]", "{", "}", "\"", "'", "\t", "99999999999999999999", "-1", "true", "pools:\n", "0x10",
    ];

    private static readonly string[] JsonSnippets =
    [
        "\"node\"", "\"group\"", "\"pools\"", "\"name\"", ": ", ", ", "{", "}", "[", "]", "\"",
        "\\u", "\\ud800", "\\ud83d\\ude00",
        "\\n", "null", "true", "false", "0", "-1", "1e999", "1.5", "99999999999999999999", "\n", "\r\n", "\t", "//",
        "/* */", "\u00e9", "\ud83d\ude00", "\ud800", "\ufeff", "\0", "[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Changed_characters_never_throw(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            var text = new StringBuilder(TestDocument.Valid);
            for (int change = random.Next(1, 6); change > 0; change--)
                ChangeCharacter(text, random);
            AssertResult(text.ToString(), seed, round);
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Changed_lines_never_throw(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 1500; round++)
        {
            var lines = TestDocument.Valid.Split('\n').ToList();
            for (int change = random.Next(1, 6); change > 0; change--)
                ChangeLine(lines, random);
            AssertResult(string.Join('\n', lines), seed, round);
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    public void Random_YAML_snippets_never_throw(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 3000; round++)
        {
            var text = new StringBuilder();
            for (int snippet = random.Next(1, 25); snippet > 0; snippet--)
                text.Append(random.Next(3) == 0 ? $"{(char)random.Next(32, 127)}"
                    : Snippets[random.Next(Snippets.Length)]);
            AssertResult(text.ToString(), seed, round);
        }
    }

    [Fact]
    public void Truncated_document_never_throws()
    {
        for (int length = 0; length < TestDocument.Valid.Length; length++)
            AssertResult(TestDocument.Valid[..length], 0, length);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(12)]
    public void Changed_characters_of_a_JSON_document_never_throw(int seed)
    {
        var random = new Random(seed);
        string valid = ConfigurationWriter.ToJson(TestDocument.Read(TestDocument.Valid).Configuration!);
        for (int round = 0; round < 1500; round++)
        {
            var text = new StringBuilder(valid);
            for (int change = random.Next(1, 6); change > 0; change--)
                ChangeCharacter(text, random);
            // Without its first brace it would be read as YAML.
            text[0] = '{';
            AssertResult(text.ToString(), seed, round);
        }
    }

    [Theory]
    [InlineData(13)]
    [InlineData(14)]
    public void Random_JSON_snippets_never_throw(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 3000; round++)
        {
            var text = new StringBuilder("{");
            for (int snippet = random.Next(1, 25); snippet > 0; snippet--)
                text.Append(random.Next(3) == 0 ? $"{(char)random.Next(32, 127)}"
                    : JsonSnippets[random.Next(JsonSnippets.Length)]);
            AssertResult(text.ToString(), seed, round);
        }
    }

    [Fact]
    public void Truncated_JSON_document_never_throws()
    {
        string valid = ConfigurationWriter.ToJson(TestDocument.Read(TestDocument.Valid).Configuration!);
        for (int length = 0; length < valid.Length; length++)
            AssertResult(valid[..length], 0, length);
    }

    private static void ChangeCharacter(StringBuilder text, Random random)
    {
        int at = random.Next(text.Length);
        char other = random.Next(4) == 0 ? (char)random.Next(0x10000)
            : SpecialCharacters[random.Next(SpecialCharacters.Length)];
        switch (random.Next(3))
        {
            case 0:
                text[at] = other;
                break;
            case 1:
                text.Insert(at, other);
                break;
            default:
                text.Remove(at, Math.Min(text.Length - at, random.Next(1, 20)));
                break;
        }
    }

    private static void ChangeLine(List<string> lines, Random random)
    {
        int at = random.Next(lines.Count);
        switch (random.Next(6))
        {
            case 0:
                lines.Insert(random.Next(lines.Count), lines[at]);
                break;
            case 1 when lines.Count > 1:
                lines.RemoveAt(at);
                break;
            case 2:
                lines[at] = new string(' ', random.Next(8)) + lines[at].TrimStart();
                break;
            case 3:
                int other = random.Next(lines.Count);
                (lines[at], lines[other]) = (lines[other], lines[at]);
                break;
            case 4:
                lines[at] = lines[at].Split(':')[0] + ": " + Snippets[random.Next(Snippets.Length)];
                break;
            default:
                lines[at] += Snippets[random.Next(Snippets.Length)];
                break;
        }
    }

    private static void AssertResult(string yaml, int seed, int round)
    {
        ConfigurationResult result;
        try
        {
            result = TestDocument.Read(yaml);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}, round {round}, document:\n{yaml}", e);
        }
        Assert.True(result.Errors.IsEmpty == result.Configuration is not null, $"seed {seed}, round {round}:\n{yaml}");
        foreach (var issue in result.Errors.Concat(result.Warnings))
        {
            bool complete = issue is { Line: >= 1, Column: >= 1, Reason.Length: > 0, Remedy.Length: > 0 };
            Assert.True(complete, $"seed {seed}, round {round}, {issue}:\n{yaml}");
        }
    }
}
