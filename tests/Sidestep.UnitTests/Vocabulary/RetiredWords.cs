using System.Text.RegularExpressions;

namespace Sidestep.UnitTests.Vocabulary;

/// <summary>Finds retired words in a file: in its path, in its names and in its text.</summary>
internal static partial class RetiredWords
{
    private static readonly Dictionary<string, RetiredWord> Anywhere =
        Of(RetiredScope.Anywhere, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, RetiredWord> InNames =
        Of(RetiredScope.Name, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, RetiredWord> AsIdentifiers =
        Of(RetiredScope.Identifier, StringComparer.Ordinal);

    private static readonly Dictionary<string, RetiredWord> AsFiles = Of(RetiredScope.File, StringComparer.Ordinal);

    private static readonly RetiredWord[] Phrases =
        [.. RetiredWord.All.Where(static w => w.Scope == RetiredScope.Phrase)];

    /// <summary>A line per finding: file, word and replacement.</summary>
    /// <param name="file">Relative to the repository; its folders and its name are read, too.</param>
    /// <param name="text">The content of the file.</param>
    internal static IEnumerable<string> Find(string file, string text)
    {
        text = KernelNamePattern().Replace(text, " ");
        var names = SourceText.Names(Path.GetExtension(file), text);
        var parts = file.Split('/').Select(static p => Path.GetFileNameWithoutExtension(p)).ToArray();
        var path = string.Join('/', parts);
        var flowing = SpacePattern().Replace(text, " ");
        return Matches(Anywhere, SourceText.Words(text).Concat(SourceText.Words(path)))
            .Concat(Matches(InNames, SourceText.Words(names).Concat(SourceText.Words(path))))
            .Concat(Matches(AsIdentifiers, SourceText.Identifiers(names).Concat(parts)))
            .Concat(Matches(AsFiles, parts))
            .Concat(Phrases.Where(p => flowing.Contains(p.Text, StringComparison.OrdinalIgnoreCase)))
            .Distinct().Where(w => !w.MayStayIn(file))
            .Select(w => $"{file}: '{w.Text}' is retired: {w.Instead}");
    }

    private static IEnumerable<RetiredWord> Matches(
        Dictionary<string, RetiredWord> retired, IEnumerable<string> found) =>
        found.Distinct(StringComparer.Ordinal).Select(w => retired.GetValueOrDefault(w)).OfType<RetiredWord>();

    private static Dictionary<string, RetiredWord> Of(RetiredScope scope, StringComparer comparer) =>
        RetiredWord.All.Where(w => w.Scope == scope).ToDictionary(static w => w.Text, comparer);

    /// <summary>Names of the kernel that contain a retired word.</summary>
    [GeneratedRegex(@"\bbpf_skb_adjust_room\b|\bBPF_(?:F_)?ADJ_ROOM\w*")]
    private static partial Regex KernelNamePattern();

    /// <summary>White space with the signs that begin a line of a comment or a quotation.</summary>
    [GeneratedRegex(@"\s+(?:(?:///?|\*|>|#)\s+)*")]
    private static partial Regex SpacePattern();
}
