using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>A node of a case file, with its path for messages. Unknown content is an error.</summary>
internal sealed class CaseNode(string path, YamlNode? yaml)
{
    /// <summary>A value that is in no file: the default of a field.</summary>
    public static CaseNode Of(string path, string text) => new(path, new YamlScalarNode(text));

    public bool Exists => yaml is not null;

    /// <summary>A value without parts, such as <c>unchanged</c>.</summary>
    public bool IsText => yaml is YamlScalarNode;

    public string Text =>
        yaml is YamlScalarNode { Value: { } text } ? text : throw Wrong("a single value is expected here");

    public long Number
    {
        get
        {
            var text = Text;
            var ok = text.StartsWith("0x", StringComparison.Ordinal)
                ? long.TryParse(
                    text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
                : long.TryParse(text, CultureInfo.InvariantCulture, out number);
            return ok ? number : throw Wrong($"'{text}' is no number");
        }
    }

    public bool Flag => Text switch
    {
        "true" => true,
        "false" => false,
        var other => throw Wrong($"'{other}' is neither true nor false"),
    };

    /// <summary>Elements of a list.</summary>
    public IReadOnlyList<CaseNode> Items => yaml is YamlSequenceNode list
        ? [.. list.Select((item, i) => new CaseNode($"{path}[{i}]", item))]
        : throw Wrong("a list is expected here");

    /// <summary>The elements of a list; empty when the node does not exist.</summary>
    public IReadOnlyList<CaseNode> ItemsOrNone => Exists ? Items : [];

    /// <summary>A list.</summary>
    public bool IsList => yaml is YamlSequenceNode;

    /// <summary>Keys and values of a mapping; empty when the node does not exist.</summary>
    public IReadOnlyList<(string Key, CaseNode Value)> Pairs => yaml switch
    {
        null => [],
        YamlMappingNode map => [.. map.Select(p => (KeyOf(p.Key), new CaseNode($"{path}.{KeyOf(p.Key)}", p.Value)))],
        _ => throw Wrong("a mapping is expected here"),
    };

    public CaseNode this[string key] => new(
        $"{path}.{key}", yaml is YamlMappingNode map && map.Children.TryGetValue(key, out var value) ? value : null);

    public string TextOr(string fallback) => Exists ? Text : fallback;

    public long NumberOr(long fallback) => Exists ? Number : fallback;

    public bool FlagOr(bool fallback) => Exists ? Flag : fallback;

    /// <summary>Fails when the mapping has a key that is not among these.</summary>
    public CaseNode Only(params string[] known)
    {
        foreach (var (key, _) in Pairs)
        {
            if (!known.Contains(key))
                throw Wrong($"unknown key '{key}'; known here: {string.Join(", ", known)}");
        }
        return this;
    }

    /// <summary>This mapping with another one merged into it: mappings merge key by key, null removes, everything else
    /// replaces.</summary>
    public CaseNode With(CaseNode over) => new(over.Exists ? over.Path : path, Merge(yaml, over.Yaml));

    public FormatException Wrong(string what) => new($"{path}: {what}{(yaml is null ? " (missing)" : "")}");

    public override string ToString() => path;

    private string Path => path;

    /// <summary>The YAML node; null when it does not exist.</summary>
    public YamlNode? Root => yaml;

    private YamlNode? Yaml => yaml;

    private static string KeyOf(YamlNode key) => ((YamlScalarNode)key).Value!;

    private static YamlNode? Merge(YamlNode? under, YamlNode? over)
    {
        if (over is not YamlMappingNode top || under is not YamlMappingNode bottom)
            return over ?? under;
        var merged = new YamlMappingNode();
        foreach (var (key, value) in bottom)
            merged.Children[key] = value;
        foreach (var (key, value) in top)
        {
            if (value is YamlScalarNode { Value: "null" })
                merged.Children.Remove(key);
            else
                merged.Children[key] = merged.Children.TryGetValue(key, out var old) ? Merge(old, value)! : value;
        }
        return merged;
    }
}
