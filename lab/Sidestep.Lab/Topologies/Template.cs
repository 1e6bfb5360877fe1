using System.Text.RegularExpressions;

namespace Sidestep.Lab.Topologies;

/// <summary>Fills {placeholders} in commands and in files.</summary>
internal sealed partial class Template(IReadOnlyDictionary<string, string> values)
{
    /// <summary>Fails on a word in braces that is no placeholder: a configuration file would contain it
    /// unchanged.</summary>
    public string Fill(string text, string origin) => Placeholder().Replace(text, match =>
        values.TryGetValue(match.Groups[1].Value, out var value)
            ? value
            : throw new LabException(
                $"{origin}: {match.Value} is unknown; there are "
                    + $"{string.Join(", ", values.Keys.Select(k => $"{{{k}}}"))}."));

    // nginx and YAML use braces too, but never directly around one word.
    [GeneratedRegex(@"\{([a-z][a-z-]*)\}")]
    private static partial Regex Placeholder();
}
