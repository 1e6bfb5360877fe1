using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sidestep.Model.Documents;

/// <summary>The written form of single values in YAML.</summary>
internal static partial class YamlText
{
    /// <summary>The value as every YAML reader understands it, of version 1.1 or 1.2: text that could be taken for a
    /// number, a boolean, null or a time is in double quotes.</summary>
    public static string Of(ScalarNode scalar) =>
        !scalar.Quoted || IsPlain(scalar.Text) ? scalar.Text : Quote(scalar.Text);

    private static bool IsPlain(string text) => text.Length <= 255 && !Reserved().IsMatch(text)
        && (Word().IsMatch(text) || Address4().IsMatch(text) || Address6().IsMatch(text) || PortRange().IsMatch(text));

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' or '\\' => $"\\{rune}",
                >= ' ' and <= '~' => rune.ToString(),
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                <= 0xff => string.Create(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
                <= 0xffff => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
            });
        }
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"\A(?:true|false|null|yes|no|on|off|y|n)\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();

    [GeneratedRegex(@"\A[A-Za-z/][A-Za-z0-9_./-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"\A\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:[:/]\d{1,5})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Address4();

    // YAML 1.1 takes 1:20:30 for a number of base 60; two colons in a row are never a number.
    [GeneratedRegex(@"\A[0-9a-f][0-9a-f:]*::[0-9a-f:]*[0-9a-f](?:/\d{1,3})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Address6();

    [GeneratedRegex(@"\A\d{1,5}-\d{1,5}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PortRange();
}
