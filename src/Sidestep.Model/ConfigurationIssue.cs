using System.Text;

namespace Sidestep.Model;

/// <summary>Something in a configuration document that is wrong (an error) or probably not meant (a warning).</summary>
/// <param name="Path">Where in the document, such as <c>virtualServices[2].port</c>; empty for the document as a whole.</param>
/// <param name="Line">1-based line.</param>
/// <param name="Column">1-based column, in UTF-16 units.</param>
/// <param name="Value">The offending value, control characters replaced and shortened to
/// <see cref="Limits.QuotedCharacters"/>; null when the trouble is that there is none, or when it is a list or mapping.</param>
/// <param name="Reason">Why it is wrong: without a full stop.</param>
/// <param name="Remedy">What to do: without a full stop.</param>
public sealed record ConfigurationIssue(string Path, int Line, int Column, string? Value, string Reason, string Remedy)
{
    /// <summary>One line without the position: <c>PATH: VALUE: why. What to do.</c></summary>
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

    /// <summary>One line that editors can jump to: <c>FILE:LINE:COLUMN: SEVERITY: PATH: VALUE: why. What to do.</c></summary>
    /// <param name="file">The name of the document as the user gave it.</param>
    /// <param name="severity"><c>error</c> or <c>warning</c>.</param>
    public string Format(string file, string severity) => $"{file}:{Line}:{Column}: {severity}: {this}";
}
