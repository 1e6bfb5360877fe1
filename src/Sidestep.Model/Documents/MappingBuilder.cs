using System.Runtime.InteropServices;

namespace Sidestep.Model.Documents;

/// <summary>Builds the mappings of a document from their entries. Reports duplicate keys.</summary>
/// <remarks>A document may have 100,000 mappings with the same few keys. So the text of a key is stored once, and the
/// entries of all open mappings lie in one list: those of the innermost at its end.</remarks>
internal sealed class MappingBuilder(IssueList issues)
{
    // Of so few keys, comparing each with each is faster than a set.
    private const int Few = 16;

    // A configuration has fewer; a document with any keys must not fill the memory twice.
    private const int StoredKeys = 256;

    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private readonly List<MappingEntry> _entries = [];

    /// <summary>Begins a mapping; its number is for <see cref="End"/>.</summary>
    public int Begin() => _entries.Count;

    /// <summary>The text of a key, as one object for all keys of this text.</summary>
    public string Intern(string key)
    {
        if (_keys.TryGetValue(key, out string? known))
            return known;
        if (_keys.Count < StoredKeys)
            _keys.Add(key, key);
        return key;
    }

    /// <summary>Adds an entry to the mapping that began last.</summary>
    public void Add(ScalarNode key, Node value) => _entries.Add(new MappingEntry(key, value));

    /// <summary>Ends the mapping that began last. Of several entries with the same key, it has the first.</summary>
    /// <param name="number">From <see cref="Begin"/>.</param>
    /// <param name="at">Position of the mapping.</param>
    /// <param name="path">Path of the mapping.</param>
    public MappingNode End(int number, Position at, DocumentPath path)
    {
        var entries = CollectionsMarshal.AsSpan(_entries)[number..];
        var unique = entries[..RemoveDuplicates(entries, path)];
        var mapping = new MappingNode(at, [.. unique]);
        _entries.RemoveRange(number, entries.Length);
        return mapping;
    }

    private int RemoveDuplicates(Span<MappingEntry> entries, DocumentPath path)
    {
        var first = entries.Length > Few ? new Dictionary<string, int>(StringComparer.Ordinal) : null;
        int unique = 0;
        foreach (var entry in entries)
        {
            int same = first is null ? IndexOf(entries[..unique], entry.Key.Text)
                : first.TryAdd(entry.Key.Text, unique) ? -1 : first[entry.Key.Text];
            if (same < 0)
            {
                entries[unique++] = entry;
                continue;
            }
            var keyPath = DocumentPath.Key(path, entry.Key.Text);
            issues.Error(keyPath, entry.Key.Position, IssueList.ValueOf(entry.Value),
                "this mapping has the key already", "Keep one of the two", entries[same].Key.Position.Of(keyPath));
        }
        return unique;
    }

    private static int IndexOf(ReadOnlySpan<MappingEntry> entries, string key)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Key.Text == key)
                return i;
        }
        return -1;
    }
}
