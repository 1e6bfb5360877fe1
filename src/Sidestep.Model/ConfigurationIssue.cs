using System.Text;

namespace Sidestep.Model;

/// <summary>Something in a configuration document that is wrong (an error) or probably not intended (a
/// warning).</summary>
/// <param name="Path">Where in the document, such as <c>virtualServices[2].port</c>; empty: the document as a
/// whole.</param>
/// <param name="Line">Line in the document, from 1.</param>
/// <param name="Column">Column in the line, from 1, in UTF-16 code units.</param>
/// <param name="Value">The offending value, shortened to <see cref="Limits.QuotedCharacters"/>, with control characters
/// replaced; null if a value is missing, or if it is a list or mapping.</param>
/// <param name="Reason">Why it is wrong, without a full stop.</param>
/// <param name="Remedy">What to do about it, without a full stop.</param>
public sealed record ConfigurationIssue(string Path, int Line, int Column, string? Value, string Reason, string Remedy)
{
    /// <summary>One line without the position: <c>PATH: VALUE: REASON. REMEDY.</c></summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (Path.Length > 0)
            text.Append(Path).Append(": ");
        if (Value is not null)
            text.Append(Value.Length == 0 ? "\"\"" : Value).Append(": ");
        text.Append(Reason).Append(". ").Append(Remedy);
        if (!Remedy.EndsWith('?'))
            text.Append('.');
        return text.ToString();
    }

    /// <summary>One line that editors can jump to:
    /// <c>FILE:LINE:COLUMN: SEVERITY: PATH: VALUE: REASON. REMEDY.</c></summary>
    /// <param name="file">Name of the document, as the user gave it.</param>
    /// <param name="severity"><c>error</c> or <c>warning</c>.</param>
    public string Format(string file, string severity) => $"{file}:{Line}:{Column}: {severity}: {this}";
}
