using System.Globalization;
using System.Net;

namespace Sidestep.Lab.Topologies;

/// <summary>
/// Addresses as a topology writes them: "10.0.0.1/24", or "10.0.0.10-99/24" for many that differ in the last part; in
/// IPv6 that is hexadecimal.
/// </summary>
internal static class AddressRange
{
    /// <returns>Each address with its prefix length.</returns>
    public static IEnumerable<string> Expand(string text)
    {
        if (text.Split('/') is not [var range, var prefix])
            throw new LabException($"'{text}' lacks a prefix length.");
        if (range.Split('-') is not [var first, var last])
            return [text];

        var (separator, style, format) = first.Contains(':')
            ? (':', NumberStyles.AllowHexSpecifier, "x") : ('.', NumberStyles.None, "d");
        var start = first.LastIndexOf(separator) + 1;
        var from = int.Parse(first[start..], style, CultureInfo.InvariantCulture);
        var to = int.Parse(last, style, CultureInfo.InvariantCulture);
        return Enumerable.Range(from, to - from + 1)
            .Select(n => $"{first[..start]}{n.ToString(format, CultureInfo.InvariantCulture)}/{prefix}");
    }

    /// <summary>The addresses without prefix lengths. The text may omit the prefix length, too.</summary>
    public static IReadOnlyList<IPAddress> Addresses(IEnumerable<string> texts)
        => [.. texts.SelectMany(t => t.Contains('/') ? Expand(t) : [t]).Select(t => IPAddress.Parse(t.Split('/')[0]))];
}
