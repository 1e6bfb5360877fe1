using System.Text;
using System.Text.RegularExpressions;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Documents;

/// <summary>A Markdown document of the repository: its headings, links and tables, without its code blocks.</summary>
/// <param name="Path">Relative to the repository.</param>
/// <param name="Lines">Lines outside of fenced code blocks; 1-based line numbers.</param>
internal sealed partial record MarkdownPage(string Path, IReadOnlyList<(int Number, string Text)> Lines)
{
    private static readonly string[] Folders = ["docs", "lab", "benchmarks", "tests/cases", ".github"];

    /// <summary>All documents.</summary>
    internal static IReadOnlyList<MarkdownPage> All { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Folders.SelectMany(static f =>
                Directory.EnumerateFiles(Repository.File(f), "*.md", SearchOption.AllDirectories)))
            .Select(static f => System.IO.Path.GetRelativePath(Repository.Root, f)).Order(StringComparer.Ordinal)
            .Select(Read),
    ];

    /// <summary>Targets of links, with the line; addresses of other sites are left out.</summary>
    internal IEnumerable<(int Number, string Target)> LocalLinks() =>
        from line in Lines
        from match in LinkPattern().Matches(line.Text)
        let target = match.Groups[1].Value
        where !target.Contains("://", StringComparison.Ordinal)
            && !target.StartsWith("mailto:", StringComparison.Ordinal)
        select (line.Number, target);

    /// <summary>Cells of tables, with the line.</summary>
    internal IEnumerable<(int Number, string Text)> Cells() =>
        from line in Lines
        where line.Text.StartsWith('|')
        from cell in line.Text.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)
        select (line.Number, cell);

    /// <summary>Anchors of the headings, in the form that GitHub generates.</summary>
    internal IEnumerable<string> Anchors() =>
        Lines.Where(static l => l.Text.StartsWith('#')).Select(static l => Anchor(l.Text.TrimStart('#', ' ')));

    private static MarkdownPage Read(string path)
    {
        var lines = new List<(int, string)>();
        var isCode = false;
        var number = 0;
        foreach (var line in File.ReadLines(Repository.File(path)))
        {
            number++;
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                isCode = !isCode;
            else if (!isCode)
                lines.Add((number, line));
        }
        return new MarkdownPage(path, lines);
    }

    private static string Anchor(string heading)
    {
        var anchor = new StringBuilder();
        foreach (var letter in LinkTextPattern().Replace(heading, "$1").ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(letter) || letter is '-' or '_')
                anchor.Append(letter);
            else if (letter == ' ')
                anchor.Append('-');
        }
        return anchor.ToString();
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkTextPattern();
}
