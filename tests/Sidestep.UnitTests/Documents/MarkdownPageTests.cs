using Sidestep.Testing;

namespace Sidestep.UnitTests.Documents;

/// <summary>Documents are readable on a screen, and their links lead somewhere.</summary>
public sealed class MarkdownPageTests
{
    private const int MaxCellLength = 200;

    [Fact]
    public void Table_cells_have_at_most_200_characters() =>
        Assert.Empty(from page in MarkdownPage.All
                     from cell in page.Cells()
                     where cell.Text.Length > MaxCellLength
                     select $"{page.Path}:{cell.Number}: a cell of {cell.Text.Length} characters");

    [Fact]
    public void Links_to_files_and_headings_resolve()
    {
        var anchors = MarkdownPage.All.ToDictionary(
            static p => Repository.File(p.Path), static p => p.Anchors().ToHashSet());
        Assert.Empty(from page in MarkdownPage.All
                     from link in page.LocalLinks()
                     where !Resolves(page, link.Target, anchors)
                     select $"{page.Path}:{link.Number}: {link.Target}");
    }

    [Fact]
    public void Every_decision_record_is_in_the_index()
    {
        var index = File.ReadAllText(Repository.File("docs/adr/README.md"));
        var records = Directory.EnumerateFiles(Repository.File("docs/adr"), "0*.md")
            .Select(static f => Path.GetFileName(f)).ToList();
        Assert.True(records.Count > 40, $"{records.Count} records");
        Assert.All(records, r => Assert.Contains($"({r})", index, StringComparison.Ordinal));
    }

    private static bool Resolves(MarkdownPage page, string target, Dictionary<string, HashSet<string>> anchors)
    {
        var parts = target.Split('#', 2);
        var file = parts[0].Length == 0
            ? Repository.File(page.Path)
            : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.File(page.Path))!, parts[0]));
        if (!File.Exists(file) && !Directory.Exists(file))
            return false;
        return parts.Length == 1 || (anchors.TryGetValue(file, out var known) && known.Contains(parts[1]));
    }
}
