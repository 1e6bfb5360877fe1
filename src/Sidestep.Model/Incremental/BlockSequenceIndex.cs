using System.Diagnostics.CodeAnalysis;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Incremental;

/// <summary>The positions of the items of a top-level list, if each item begins with a dash on a line of its
/// own.</summary>
/// <remarks>Such an item (YAML: a compact block collection) is a run of whole lines whose meaning does not depend on
/// the lines around it, as long as its first line keeps the dash in its column and all others are indented deeper. Any
/// other form is not indexed.</remarks>
internal sealed class BlockSequenceIndex
{
    private readonly int _indent;
    private readonly int[] _starts;

    /// <param name="indent">Spaces before the dash.</param>
    /// <param name="starts">Offsets of the lines on which items begin, and at the end the offset of the line after the
    /// last item.</param>
    private BlockSequenceIndex(int indent, int[] starts) => (_indent, _starts) = (indent, starts);

    /// <summary>The index of a list; null if the list has another form.</summary>
    /// <param name="text">The document.</param>
    /// <param name="lines">Offset of each line of the document.</param>
    /// <param name="items">All items of the list.</param>
    /// <param name="nextLine">Line, from 1, of what follows the list; the line after the last if nothing
    /// follows.</param>
    public static BlockSequenceIndex? Of(string text, List<int> lines, IReadOnlyList<BoundMapping> items, int nextLine)
    {
        if (items.Count == 0)
            return null;
        var starts = new int[items.Count + 1];
        int indent = -1;
        for (int i = 0; i < items.Count; i++)
        {
            starts[i] = lines[items[i].Node.Position.Line - 1];
            int spaces = Indent(text.AsSpan(starts[i]));
            indent = indent < 0 ? spaces : indent;
            if (spaces != indent || !BeginsItem(text.AsSpan(starts[i]), indent)
                || (i > 0 && starts[i] == starts[i - 1]))
                return null;
        }
        starts[^1] = nextLine <= lines.Count ? lines[nextLine - 1] : text.Length;
        return new BlockSequenceIndex(indent, starts);
    }

    /// <summary>Finds the item that contains a whole change; false if the change touches more than one item, or
    /// none.</summary>
    /// <param name="change">The part of the text that changed.</param>
    /// <param name="text">The new document.</param>
    /// <param name="index">The number of the item, from 0.</param>
    /// <param name="lines">Its lines in the new document.</param>
    public bool TryFind(TextDifference change, string text, out int index, [NotNullWhen(true)] out string? lines)
    {
        lines = null;
        index = Array.BinarySearch(_starts, change.Start);
        if (index < 0)
            index = ~index - 1;
        if (index < 0 || index >= _starts.Length - 1 || change.OldEnd > _starts[index + 1])
            return false;
        var slice = text.AsSpan(_starts[index]..(_starts[index + 1] + change.Shift));
        if (slice.IsEmpty || slice[^1] != '\n' || !BeginsItem(slice, _indent))
            return false;
        bool first = true;
        foreach (var line in slice.EnumerateLines())
        {
            int spaces = Indent(line);
            if (!first && spaces <= _indent && spaces < line.Length && line[spaces] != '#')
                return false;
            first = false;
        }
        lines = slice.ToString();
        return true;
    }

    /// <summary>Offset of the line on which an item begins.</summary>
    public int StartOf(int index) => _starts[index];

    /// <summary>The index of the same list after a change before it or inside of it.</summary>
    public BlockSequenceIndex After(TextDifference change)
    {
        var starts = Array.ConvertAll(_starts, s => s > change.Start ? s + change.Shift : s);
        return new BlockSequenceIndex(_indent, starts);
    }

    private static bool BeginsItem(ReadOnlySpan<char> text, int indent) =>
        Indent(text) == indent && text.Length > indent + 2 && text[indent] == '-' && text[indent + 1] == ' ';

    private static int Indent(ReadOnlySpan<char> line)
    {
        int spaces = line.IndexOfAnyExcept(' ');
        return spaces < 0 ? line.Length : spaces;
    }
}
