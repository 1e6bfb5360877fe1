using System.Text;

namespace Sidestep.Model;

/// <summary>Something in a configuration that is wrong (an error) or probably not intended (a warning).</summary>
/// <remarks>Path, value, reason and remedy are the same whether the configuration came from a file, from a request or
/// from a form; only the location differs.</remarks>
/// <param name="Path">Where in the configuration, such as <c>virtualServices[2].port</c>; empty: the configuration as a
/// whole.</param>
/// <param name="Line">Line in the text, from 1; 0: the configuration was not read from a text.</param>
/// <param name="Column">Column in the line, from 1, in UTF-16 code units; 0 without a line.</param>
/// <param name="Value">The offending value, shortened to <see cref="Limits.QuotedCharacters"/>, with control characters
/// replaced; null if a value is missing, or if it is a list or mapping.</param>
/// <param name="Reason">Why it is wrong, without a full stop.</param>
/// <param name="Remedy">What to do about it, without a full stop.</param>
public sealed record ConfigurationIssue(string Path, int Line, int Column, string? Value, string Reason, string Remedy)
{
    /// <summary>The same place as <c>Path</c> as a JSON Pointer (RFC 6901), such as
    /// <c>/virtualServices/2/port</c>.</summary>
    public string JsonPointer { get; init; } = "";

    /// <summary>The other value that the reason is about; null: there is none.</summary>
    public SourceLocation? Related { get; init; }

    /// <summary>One line without the location: <c>PATH: VALUE: REASON. REMEDY.</c></summary>
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
    /// <c>FILE:LINE:COLUMN: SEVERITY: PATH: VALUE: REASON. REMEDY. See line LINE.</c>; without a line,
    /// <c>FILE:POINTER: SEVERITY: …</c></summary>
    /// <param name="file">Name of the document, as the user gave it.</param>
    /// <param name="severity"><c>error</c> or <c>warning</c>.</param>
    public string Format(string file, string severity)
    {
        if (Line == 0)
            return $"{file}:{JsonPointer}: {severity}: {this}";
        return $"{file}:{Line}:{Column}: {severity}: {this}"
            + (Related is { Line: > 0 } related ? $" See line {related.Line}." : "");
    }
}
