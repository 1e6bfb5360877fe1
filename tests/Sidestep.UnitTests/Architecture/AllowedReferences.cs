using System.Text.RegularExpressions;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Architecture;

/// <summary>The table below the heading "Allowed references" of ARCHITECTURE.md: each project with the projects that it
/// may use.</summary>
internal static partial class AllowedReferences
{
    /// <summary>Parses the table. Text around the table and around the names in its cells is ignored.</summary>
    public static Dictionary<string, HashSet<string>> Read(string page, IReadOnlyCollection<string> projects)
    {
        var rows = page.Split('\n').Select(static l => l.Trim())
            .SkipWhile(static l => !HeadingPattern().IsMatch(l)).Skip(1)
            .TakeWhile(static l => !l.StartsWith('#'))
            .SkipWhile(static l => !l.StartsWith('|')).TakeWhile(static l => l.StartsWith('|'))
            .Select(static l => l.Trim('|').Split('|')).ToList();
        if (rows.Count < 3)
            throw new FormatException(
                "ARCHITECTURE.md has no table 'project | may use' below a heading 'Allowed references'");
        return rows.Skip(2).ToDictionary(
            static cells => NamePattern().Match(cells[0]).Value,
            cells => NamePattern().Matches(cells[1]).Select(static m => m.Value.TrimEnd('.')).Where(projects.Contains)
            .ToHashSet());
    }

    public static Dictionary<string, HashSet<string>> FromArchitecturePage(IReadOnlyCollection<string> projects) =>
        Read(File.ReadAllText(Repository.File("ARCHITECTURE.md")), projects);

    [GeneratedRegex("^#+ .*allowed references", RegexOptions.IgnoreCase)]
    private static partial Regex HeadingPattern();

    [GeneratedRegex(@"[A-Za-z][A-Za-z.]*")]
    private static partial Regex NamePattern();
}
