using System.Globalization;
using System.Text.RegularExpressions;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Abi;

/// <summary>Constants of src/bpf, read from the text, because BTF contains no macros, and only those enumerations that
/// are the type of something.</summary>
internal static partial class CHeader
{
    /// <summary>Enumerations of tables.h by name: enumerator and value.</summary>
    public static Dictionary<string, Dictionary<string, long>> Enumerations =>
        EnumPattern().Matches(Text("tables.h")).ToDictionary(
        static e => e.Groups["name"].Value,
        static e => EnumeratorPattern().Matches(e.Groups["body"].Value).ToDictionary(
            static m => m.Groups["name"].Value, static m => Value(m.Groups["value"].Value)));

    /// <summary>Macros of a header that are plain numbers.</summary>
    public static Dictionary<string, long> Constants(string header) =>
        DefinePattern().Matches(Text(header)).ToDictionary(
        static m => m.Groups["name"].Value, static m => Value(m.Groups["value"].Value));

    private static string Text(string header) =>
        CommentPattern().Replace(File.ReadAllText(Repository.File("src", "bpf", header)), "");

    /// <summary>A decimal or hexadecimal number with any suffix, or <c>(1 &lt;&lt; n)</c>.</summary>
    private static long Value(string text)
    {
        var parts = text.Trim('(', ')').Split("<<").Select(static p => p.Trim().TrimEnd('U', 'L')).Select(static p =>
            p.StartsWith("0x", StringComparison.Ordinal)
                ? unchecked((long)ulong.Parse(p.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                : long.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        return parts is [var number, var shift] ? number << (int)shift : parts.Single();
    }

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex CommentPattern();

    [GeneratedRegex(@"\benum\s+(?<name>\w+)\s*\{(?<body>[^}]*)\}\s*;")]
    private static partial Regex EnumPattern();

    [GeneratedRegex(@"(?<name>\w+)\s*=\s*(?<value>\w+)\s*,?")]
    private static partial Regex EnumeratorPattern();

    [GeneratedRegex(
        @"^#define[ \t]+(?<name>\w+)[ \t]+(?<value>(0x[0-9a-fA-F]+|\d+)[UL]*|\(\d+[UL]*\s*<<\s*\d+\))[ \t]*$",
        RegexOptions.Multiline)]
    private static partial Regex DefinePattern();
}
