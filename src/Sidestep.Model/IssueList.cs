using System.Collections.Immutable;
using System.Text;
using Sidestep.Model.Documents;

namespace Sidestep.Model;

/// <summary>Collects errors and warnings while a document is read.</summary>
internal sealed class IssueList
{
    private readonly List<ConfigurationIssue> _errors = [];
    private readonly List<ConfigurationIssue> _warnings = [];
    private int _errorsOmitted;
    private int _warningsOmitted;

    public bool HasAny => _errors.Count + _warnings.Count > 0;

    public bool HasErrors => _errors.Count > 0;

    /// <param name="path">The value that is wrong.</param>
    /// <param name="at">Its node.</param>
    /// <param name="reason">Why it is wrong, without a full stop. It names other values by path, never by line.</param>
    /// <param name="remedy">What to do about it, without a full stop.</param>
    /// <param name="related">The other value that the reason is about; null: none.</param>
    public void Error(DocumentPath path, Node at, string reason, string remedy, SourceLocation? related = null) =>
        Error(path, at.Position, ValueOf(at), reason, remedy, related);

    public void Error(DocumentPath path, Position at, string? value, string reason, string remedy,
        SourceLocation? related = null) =>
        Add(_errors, ref _errorsOmitted, path, at, value, reason, remedy, related);

    public void Warning(DocumentPath path, Node at, string reason, string remedy) =>
        Add(_warnings, ref _warningsOmitted, path, at.Position, ValueOf(at), reason, remedy, null);

    public ImmutableArray<ConfigurationIssue> Errors => Sorted(_errors, _errorsOmitted);

    public ImmutableArray<ConfigurationIssue> Warnings => Sorted(_warnings, _warningsOmitted);

    /// <summary>Text of the document, made safe to print: shortened, and without characters that affect a
    /// terminal.</summary>
    public static string Quote(string text, int most = Limits.QuotedCharacters)
    {
        bool cut = text.Length > most;
        var quoted = new StringBuilder();
        foreach (char c in cut ? text.AsSpan(0, most) : text)
            quoted.Append(IsHarmless(c) ? c : '\uFFFD');
        if (cut)
            quoted.Append('…');
        return quoted.ToString();
    }

    /// <summary>The value that an issue about this node quotes; null unless the node is a single value.</summary>
    public static string? ValueOf(Node node) => node is ScalarNode { IsNull: false } scalar ? scalar.Text : null;

    // Beside control characters: lone surrogates, and format characters that reverse the direction of text.
    private static bool IsHarmless(char c) =>
        !char.IsControl(c) && !char.IsSurrogate(c) && char.GetUnicodeCategory(c) is not
            (System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.LineSeparator
            or System.Globalization.UnicodeCategory.ParagraphSeparator);

    private static void Add(List<ConfigurationIssue> list, ref int omitted, DocumentPath path, Position at,
        string? value, string reason, string remedy, SourceLocation? related)
    {
        if (list.Count < Limits.ListedIssues)
            list.Add(new(path.ToString(), at.Line, at.Column, value is null ? null : Quote(value), reason, remedy)
            {
                JsonPointer = path.JsonPointer,
                Related = related,
            });
        else
            omitted++;
    }

    private static ImmutableArray<ConfigurationIssue> Sorted(List<ConfigurationIssue> list, int omitted)
    {
        // OrderBy is stable: two issues at one position stay in the order of the checks.
        var sorted = list.OrderBy(i => i.Line).ThenBy(i => i.Column).ToImmutableArray();
        if (omitted == 0)
            return sorted;
        var last = sorted[^1];
        return sorted.Add(new("", last.Line, last.Column, null,
            $"{omitted} more are not listed", "Fix those above and check again"));
    }
}
