using System.Globalization;

namespace Sidestep.Model.Documents;

/// <summary>The place of a value in the document, as the keys and numbers that lead to it. Its text is composed on
/// demand, because most paths are never shown.</summary>
internal sealed class DocumentPath
{
    private readonly DocumentPath? _parent;
    private readonly string? _key;
    private readonly int _index;

    private DocumentPath(DocumentPath? parent, string? key, int index) =>
        (_parent, _key, _index) = (parent, key, index);

    /// <summary>The document as a whole.</summary>
    public static DocumentPath Root { get; } = new(null, null, 0);

    /// <summary>The value of a key of the mapping at <paramref name="parent"/>.</summary>
    public static DocumentPath Key(DocumentPath parent, string key) => new(parent, key, 0);

    /// <summary>An item of the list at <paramref name="parent"/>; the first has the number 0.</summary>
    public static DocumentPath Item(DocumentPath parent, int index) => new(parent, null, index);

    /// <summary>The place as a JSON Pointer (RFC 6901): <c>/pools/0/servers/3/weight</c>; empty for the
    /// root.</summary>
    public string JsonPointer => _parent is null ? "" : _parent.JsonPointer + "/" + (_key is null
        ? _index.ToString(CultureInfo.InvariantCulture)
        : _key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));

    /// <summary>The place as issues show it: <c>pools[0].servers[3].weight</c>, safe to print; empty for the
    /// root.</summary>
    public override string ToString()
    {
        if (_parent is null)
            return "";
        string parent = _parent.ToString();
        if (_key is null)
            return string.Create(CultureInfo.InvariantCulture, $"{parent}[{_index}]");
        string name = IssueList.Quote(_key);
        return parent.Length == 0 ? name : $"{parent}.{name}";
    }
}
