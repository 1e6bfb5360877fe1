using System.Globalization;
using System.Text;

namespace Sidestep.ManPages;

/// <summary>Text for man(7), with what is special there escaped.</summary>
internal sealed class RoffText
{
    private readonly StringBuilder _text = new();

    internal void Title(string name, int section, DateOnly date, string source) => Append(string.Create(
        CultureInfo.InvariantCulture,
        $".TH {Quoted(name.ToUpperInvariant())} {section} {date:yyyy-MM-dd} {Quoted(source)}"));

    internal void Heading(string text) => Append($".SH {Quoted(text)}");

    internal void Subheading(string text) => Append($".SS {Quoted(text)}");

    internal void Line(string text) => Append(Escaped(text));

    internal void Paragraph(string text)
    {
        Append(".PP");
        Append(Escaped(text));
    }

    internal void Usage(string name, string rest)
    {
        Append($".B {Quoted(name)}");
        if (rest.Length > 0)
            Append(Escaped(rest));
    }

    internal void Term(string name, string text)
    {
        Append(".TP");
        Append($".B {Quoted(name)}");
        Append(Escaped(text));
    }

    public override string ToString() => _text.ToString();

    private void Append(string line) => _text.Append(line).Append('\n');

    /// <summary>An argument of a macro.</summary>
    private static string Quoted(string text) =>
        $"\"{Escaped(text).Replace("\"", "\\(dq", StringComparison.Ordinal)}\"";

    private static string Escaped(string text)
    {
        string escaped = text.ReplaceLineEndings(" ").Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal).Replace("\u2013", "\\-", StringComparison.Ordinal)
            .Replace("~", "\\(ti", StringComparison.Ordinal).Replace("^", "\\(ha", StringComparison.Ordinal)
            .Replace("\u2191", "\\(ua", StringComparison.Ordinal).Replace("\u2193", "\\(da", StringComparison.Ordinal);
        // A dot or an apostrophe at the start of a line begins a request.
        return escaped is ['.' or '\'', ..] ? "\\&" + escaped : escaped;
    }
}
