using System.Text;

namespace Sidestep.Model.Documents;

/// <summary>Writes nodes as YAML in block style: two spaces per level, short lists in brackets, text in quotes only
/// where it needs them.</summary>
internal sealed class YamlEmitter
{
    private const int MostColumns = 100;

    private readonly StringBuilder _text = new();

    private YamlEmitter()
    {
    }

    /// <summary>The text of a document, with a final line feed.</summary>
    public static string Emit(MappingNode root)
    {
        var emitter = new YamlEmitter();
        emitter.WriteEntries(root, 0, isContinued: false);
        return emitter._text.ToString();
    }

    /// <param name="mapping">The mapping.</param>
    /// <param name="indent">Spaces before its keys.</param>
    /// <param name="isContinued">True: the first key follows a dash on the same line.</param>
    private void WriteEntries(MappingNode mapping, int indent, bool isContinued)
    {
        foreach (var entry in mapping.Entries)
        {
            if (!isContinued)
                _text.Append(' ', indent);
            isContinued = false;
            _text.Append(YamlText.Of(entry.Key)).Append(':');
            WriteValue(entry.Value, indent + 2);
        }
    }

    private void WriteValue(Node value, int indent)
    {
        switch (value)
        {
            case MappingNode { Entries.IsEmpty: false } mapping:
                _text.Append('\n');
                WriteEntries(mapping, indent, isContinued: false);
                break;
            case ListNode list when Brackets(list, indent) is { } line:
                _text.Append(' ').Append(line).Append('\n');
                break;
            case ListNode list:
                _text.Append('\n');
                foreach (var item in list.Items)
                    WriteItem(item, indent);
                break;
            default:
                _text.Append(' ').Append(value is ScalarNode scalar ? YamlText.Of(scalar) : "{}").Append('\n');
                break;
        }
    }

    private void WriteItem(Node item, int indent)
    {
        _text.Append(' ', indent).Append('-');
        if (item is MappingNode { Entries.IsEmpty: false } mapping)
        {
            _text.Append(' ');
            WriteEntries(mapping, indent + 2, isContinued: true);
        }
        else
            WriteValue(item, indent + 2);
    }

    /// <summary>The list in brackets; null if it has items that are no single values, or is too long for a
    /// line.</summary>
    private static string? Brackets(ListNode list, int indent)
    {
        var line = new StringBuilder("[");
        foreach (var item in list.Items)
        {
            if (item is not ScalarNode scalar || line.Length > MostColumns)
                return null;
            line.Append(line.Length > 1 ? ", " : "").Append(YamlText.Of(scalar));
        }
        return line.Append(']').Length + indent <= MostColumns ? line.ToString() : null;
    }
}
