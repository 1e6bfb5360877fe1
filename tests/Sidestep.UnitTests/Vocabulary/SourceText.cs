using System.Text;
using System.Text.RegularExpressions;

namespace Sidestep.UnitTests.Vocabulary;

/// <summary>Splits the text of a file into words and identifiers.</summary>
internal static partial class SourceText
{
    /// <summary>The words of an identifier or of prose, in lower case: split at capitals, underscores and all that is
    /// no letter.</summary>
    internal static IEnumerable<string> Words(string text) =>
        WordPattern().Matches(text).Select(static m => m.Value.ToLowerInvariant());

    /// <summary>Whole identifiers, as written.</summary>
    internal static IEnumerable<string> Identifiers(string text) =>
        IdentifierPattern().Matches(text).Select(static m => m.Value);

    /// <summary>The parts of a file that hold names: code without comments and literals, keys of YAML and JSON, code
    /// spans of Markdown.</summary>
    /// <param name="extension">With its dot, such as <c>.cs</c>.</param>
    /// <param name="text">The content of the file.</param>
    internal static string Names(string extension, string text) => extension switch
    {
        ".cs" or ".c" or ".h" => Code(text),
        ".yaml" or ".yml" => string.Join('\n', YamlKeyPattern().Matches(text).Select(static m => m.Groups[1].Value)),
        ".json" => string.Join('\n', JsonKeyPattern().Matches(text).Select(static m => m.Groups[1].Value)),
        ".md" => string.Join('\n', CodeSpanPattern().Matches(text).Select(static m => m.Groups[1].Value)),
        _ => "",
    };

    /// <summary>C or C# without comments, strings and characters. Expressions inside interpolated strings go
    /// with the string.</summary>
    internal static string Code(string text)
    {
        var code = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var end = LiteralEnd(text, at);
            if (end == at)
                code.Append(text[at++]);
            else
            {
                code.Append(' ');
                at = end;
            }
        }
        return code.ToString();
    }

    /// <summary>The end of the comment or literal that begins at a place; the place itself when none does.</summary>
    private static int LiteralEnd(string text, int at)
    {
        var rest = text.AsSpan(at);
        if (rest.StartsWith("//"))
            return After(text, "\n", at);
        if (rest.StartsWith("/*"))
            return After(text, "*/", at + 2);
        if (rest.StartsWith("\"\"\""))
            return After(text, "\"\"\"", at + 3);
        if (rest.StartsWith("@\"") || rest.StartsWith("@$\"") || rest.StartsWith("$@\""))
            return VerbatimEnd(text, text.IndexOf('"', at) + 1);
        return rest[0] is '"' or '\'' ? QuotedEnd(text, at) : at;
    }

    private static int QuotedEnd(string text, int at)
    {
        for (var i = at + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == text[at])
                return i + 1;
        }
        return at;
    }

    private static int VerbatimEnd(string text, int at)
    {
        for (; at < text.Length; at++)
        {
            if (text[at] != '"')
                continue;
            if (at + 1 == text.Length || text[at + 1] != '"')
                return at + 1;
            at++;
        }
        return text.Length;
    }

    private static int After(string text, string end, int from) =>
        text.IndexOf(end, from, StringComparison.Ordinal) is var found and >= 0 ? found + end.Length : text.Length;

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")]
    private static partial Regex WordPattern();

    [GeneratedRegex("[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex IdentifierPattern();

    [GeneratedRegex(@"(?:^|[{,\s-])\s*([A-Za-z][A-Za-z0-9_-]*):(?=\s|$)", RegexOptions.Multiline)]
    private static partial Regex YamlKeyPattern();

    [GeneratedRegex("\"([A-Za-z][A-Za-z0-9_-]*)\"\\s*:")]
    private static partial Regex JsonKeyPattern();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpanPattern();
}
