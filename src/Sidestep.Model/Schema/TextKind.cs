using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>Text that matches a pattern.</summary>
/// <param name="what">Noun for the text in messages, without an article.</param>
/// <param name="maximum">Greatest number of characters.</param>
/// <param name="expected">The form in words.</param>
/// <param name="pattern">The form as a regular expression, without anchors.</param>
internal sealed class TextKind(string what, int maximum, string expected, string pattern) : ScalarKind<string>
{
    // \z, because $ would let a trailing line feed pass.
    private readonly Regex _regex = new($@"\A(?:{pattern})\z", RegexOptions.CultureInvariant);

    public static TextKind Name { get; } = new("name", Limits.NameLength,
        $"a name of 1 to {Limits.NameLength} characters of a-z, 0-9, - and _ that begins with a letter or digit",
        $"[a-z0-9][a-z0-9_-]{{0,{Limits.NameLength - 1}}}");

    public static TextKind InterfaceName { get; } = new("interface name", Limits.InterfaceNameLength,
        $"the name of a network interface, 1 to {Limits.InterfaceNameLength} characters as in `ip link`",
        $@"(?!\.{{1,2}}$)[!-.0-9;-~]{{1,{Limits.InterfaceNameLength}}}");

    public static TextKind FolderPath { get; } = new("absolute path", Limits.PathLength,
        $"an absolute path of at most {Limits.PathLength} characters, without . and .. as parts",
        $@"(?=.{{2,{Limits.PathLength}}}$)(?:/(?!\.{{1,2}}(?:/|$))[!-.0-~]+)+");

    public static TextKind HostName { get; } = new("host name", Limits.PathLength,
        $"a host name or address of at most {Limits.PathLength} characters of A-Z, a-z, 0-9, . : - and _",
        $@"[A-Za-z0-9_.:\[\]-]{{1,{Limits.PathLength}}}");

    public static TextKind RequestPath { get; } = new("path", Limits.MonitorText,
        $"a path that begins with /, of at most {Limits.MonitorText} printable characters without spaces",
        $"/[!-~]{{0,{Limits.MonitorText - 1}}}");

    protected override string Expected => expected;

    public override JsonObject ToJsonSchema() => new() { ["type"] = "string", ["pattern"] = $"^(?:{pattern})$" };

    public override JsonNode? ToJson(string value) => JsonValue.Create(value);

    protected override Problem? Parse(ScalarNode scalar, out string? value)
    {
        value = scalar.Text;
        if (_regex.IsMatch(scalar.Text))
            return null;
        return new Problem(scalar.Text.Length > maximum
            ? $"has {scalar.Text.Length} characters; {maximum} are possible"
            : $"not a possible {what}");
    }
}

/// <summary>The key of the flow hash.</summary>
internal sealed class HashKeyKind : ScalarKind<HashKey>
{
    private static readonly string Remedy =
        $"Write {HashKey.Digits} hexadecimal digits in quotes; `openssl rand -hex {HashKey.Digits / 2}` makes a key";

    protected override string Expected => $"{HashKey.Digits} hexadecimal digits";

    public override JsonObject ToJsonSchema() =>
        new() { ["type"] = "string", ["pattern"] = $"^[0-9a-fA-F]{{{HashKey.Digits}}}$" };

    public override JsonNode? ToJson(HashKey value) => JsonValue.Create(value.ToString());

    protected override Problem? Parse(ScalarNode scalar, out HashKey value)
    {
        if (HashKey.TryParse(scalar.Text, out value))
            return null;
        return scalar.Text.Length == HashKey.Digits
            ? new Problem("has characters other than 0-9 and a-f", Remedy)
            : new Problem($"has {scalar.Text.Length} characters instead of {HashKey.Digits}", Remedy);
    }
}
