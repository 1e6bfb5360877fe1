using System.Globalization;
using Sidestep.Model.Documents;

namespace Sidestep.Model;

/// <summary>The lines and columns of a text, in YAML or JSON.</summary>
public sealed class TextSourceMap : ISourceMap
{
    private readonly Node? _root;

    private TextSourceMap(Node? root) => _root = root;

    /// <summary>The source map of a text. A text that cannot be parsed has no lines.</summary>
    public static TextSourceMap Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(ConfigurationReader.Parse(text, new IssueList()));
    }

    /// <inheritdoc/>
    public SourceLocation Locate(string jsonPointer)
    {
        ArgumentNullException.ThrowIfNull(jsonPointer);
        if (_root is null)
            return new SourceLocation(jsonPointer);
        var node = _root;
        foreach (string token in jsonPointer.Split('/').Skip(1))
        {
            if (Child(node, token) is not { } child)
                break;
            node = child;
        }
        return new SourceLocation(jsonPointer, node.Position.Line, node.Position.Column);
    }

    private static Node? Child(Node node, string token)
    {
        if (node is ListNode list)
            return int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                && index < list.Items.Length ? list.Items[index] : null;
        string name = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        return node is MappingNode mapping
            ? mapping.Entries.FirstOrDefault(e => e.Key.Text == name).Value : null;
    }
}
