using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Sidestep.Model.Documents;

/// <summary>Parses the common subset of YAML, many times faster than a complete parser: block mappings and lists,
/// brackets on one line, and values of one word or in quotes without escapes.</summary>
/// <remarks>It never reports an error. Everything outside of the subset, and everything that may be wrong, is left to
/// <see cref="YamlParser"/>, which then reads the whole text. So both must agree on every text that this parser
/// accepts.</remarks>
internal sealed class YamlSubsetParser
{
    private const int MostKeys = 64, MostCharacters = 512, MostInterned = 4;

    private static readonly SearchValues<char> KeyCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    private static readonly SearchValues<char> FirstCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/");

    private static readonly SearchValues<char> WordCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+=");

    /// <summary>Tabs, other line breaks and invisible characters have a meaning in YAML that this parser does not
    /// implement.</summary>
    private static readonly SearchValues<char> Unsupported = SearchValues.Create(
        [.. Enumerable.Range(0, ' ').Concat(Enumerable.Range('~' + 1, 0x22)).Select(static c => (char)c)
            .Where(static c => c != '\n'),
            '\u2028', '\u2029', '\uFEFF', '\uFFFE', '\uFFFF']);

    private readonly string _text;
    private readonly int _linesBefore;
    private readonly List<Node> _items = [];
    private readonly List<MappingEntry> _entries = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _interned =
        new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Offset of the next character to read.</summary>
    private int _at;

    /// <summary>Offset of the start of the line of <see cref="_at"/>, and its number from 1.</summary>
    private int _lineStart, _line = 1;

    private YamlSubsetParser(string text, int linesBefore) => (_text, _linesBefore) = (text, linesBefore);

    /// <summary>The root of the document; null if the text is outside of the subset, or invalid.</summary>
    /// <param name="text">The text.</param>
    /// <param name="linesBefore">Lines before the text, if it is a part of a document.</param>
    public static Node? Parse(string text, int linesBefore)
    {
        if (text.AsSpan().ContainsAny(Unsupported))
            return null;
        var parser = new YamlSubsetParser(text, linesBefore);
        parser.NextWord();
        return parser._at < text.Length && parser.TryBlock(-1, 0, out var root) && parser._at == text.Length ? root
            : null;
    }

    private int Column => _at - _lineStart;

    private char Here => _at < _text.Length ? _text[_at] : '\n';

    private char Ahead => _at + 1 < _text.Length ? _text[_at + 1] : '\n';

    private Position Place => new(_line + _linesBefore, Column + 1);

    /// <summary>A mapping or list that begins here, indented deeper than <paramref name="parent"/>.</summary>
    private bool TryBlock(int parent, int depth, [NotNullWhen(true)] out Node? node)
    {
        node = null;
        if (Column <= parent || depth >= Limits.NestingDepth)
            return false;
        return IsDash ? TryList(depth, out node) : TryMapping(depth, out node);
    }

    private bool IsDash => Here == '-' && Ahead == ' ';

    private bool TryList(int depth, [NotNullWhen(true)] out Node? node)
    {
        node = null;
        var place = Place;
        int column = Column, first = _items.Count;
        while (_at < _text.Length && Column == column && IsDash)
        {
            _at++;
            SkipSpaces();
            if (!TryItem(column, depth + 1, out var item))
                return false;
            _items.Add(item);
        }
        node = new ListNode(place, TakeFrom(_items, first));
        return IsOutside(column);
    }

    /// <summary>Parses the value of a list item, which follows the dash; false if it is outside of the
    /// subset.</summary>
    private bool TryItem(int column, int depth, [NotNullWhen(true)] out Node? item)
    {
        item = null;
        if (Here is '\n' or '#')
            return false;
        return KeyLength() > 0 ? depth < Limits.NestingDepth && TryMapping(depth, out item)
            : TryValue(column, depth, out item);
    }

    private bool TryMapping(int depth, [NotNullWhen(true)] out Node? node)
    {
        node = null;
        var place = Place;
        int column = Column, first = _entries.Count;
        while (_at < _text.Length && Column == column)
        {
            int length = KeyLength();
            if (length == 0 || IsDash || !TryKey(length, first, out var key))
                return false;
            SkipSpaces();
            if (!TryValueOfKey(column, depth + 1, out var value))
                return false;
            _entries.Add(new MappingEntry(key, value));
        }
        node = new MappingNode(place, TakeFrom(_entries, first));
        return IsOutside(column);
    }

    /// <summary>A value on one line, and the end of the line; no line deeper than <paramref name="column"/> may
    /// follow.</summary>
    private bool TryValueOfKey(int column, int depth, [NotNullWhen(true)] out Node? value)
    {
        value = null;
        if (Here is not ('\n' or '#'))
            return TryValue(column, depth, out value);
        if (!EndLine() || _at >= _text.Length)
            return false;
        // A list may have the indentation of its key.
        if (Column == column && IsDash)
            return depth < Limits.NestingDepth && TryList(depth, out value);
        return TryBlock(column, depth, out value);
    }

    /// <summary>A value on one line, and the end of the line; nothing deeper than <paramref name="column"/> may
    /// follow.</summary>
    private bool TryValue(int column, int depth, [NotNullWhen(true)] out Node? value) =>
        (Here is '[' or '{' ? TryBrackets(depth, out value) : TryScalar(false, out value)) && EndLine()
            && IsOutside(column);

    private bool TryBrackets(int depth, [NotNullWhen(true)] out Node? node)
    {
        node = null;
        if (depth >= Limits.NestingDepth)
            return false;
        return Here == '[' ? TryFlowList(depth, out node) : TryFlowMapping(depth, out node);
    }

    private bool TryFlowList(int depth, [NotNullWhen(true)] out Node? node)
    {
        node = null;
        var place = Place;
        int first = _items.Count;
        _at++;
        SkipSpaces();
        for (bool more = Here != ']'; more; more = TakeComma())
        {
            if (!TryFlowValue(depth + 1, out var item))
                return false;
            _items.Add(item);
        }
        node = new ListNode(place, TakeFrom(_items, first));
        return Take(']');
    }

    private bool TryFlowMapping(int depth, [NotNullWhen(true)] out Node? node)
    {
        node = null;
        var place = Place;
        int first = _entries.Count;
        _at++;
        SkipSpaces();
        for (bool more = Here != '}'; more; more = TakeComma())
        {
            int length = KeyLength();
            if (length == 0 || !TryKey(length, first, out var key) || Here != ' ')
                return false;
            SkipSpaces();
            if (!TryFlowValue(depth + 1, out var value))
                return false;
            _entries.Add(new MappingEntry(key, value));
        }
        node = new MappingNode(place, TakeFrom(_entries, first));
        return Take('}');
    }

    private bool TryFlowValue(int depth, [NotNullWhen(true)] out Node? value)
    {
        if (!(Here is '[' or '{' ? TryBrackets(depth, out value) : TryScalar(true, out value)))
            return false;
        SkipSpaces();
        return Here is ',' or ']' or '}';
    }

    private bool TryScalar(bool inBrackets, [NotNullWhen(true)] out Node? value)
    {
        value = null;
        var place = Place;
        if (Here is '"' or '\'')
        {
            var inside = _text.AsSpan(_at + 1);
            int end = inside.IndexOfAny(Here, '\n');
            // An escape; in single quotes, a second quote is one.
            if (end is < 0 or > MostCharacters || inside[end] == '\n' || inside[..end].Contains('\\')
                || !Ascii.IsValid(inside[..end]) || (end + 1 < inside.Length && inside[end + 1] is '\'' or '"'))
                return false;
            value = new ScalarNode(place, inside[..end].ToString(), true);
            _at += end + 2;
            return IsAfterValue(inBrackets);
        }
        var rest = _text.AsSpan(_at);
        int length = rest.IndexOfAnyExcept(WordCharacters);
        length = length < 0 ? rest.Length : length;
        if (length is 0 or > MostCharacters || !FirstCharacters.Contains(rest[0]) || rest[length - 1] == ':')
            return false;
        value = new ScalarNode(place, length <= MostInterned ? Intern(rest[..length]) : rest[..length].ToString(),
            false);
        _at += length;
        return IsAfterValue(inBrackets);
    }

    private bool IsAfterValue(bool inBrackets) => Here is ' ' or '\n' || (inBrackets && Here is ',' or ']' or '}');

    /// <summary>The length of a key that is followed by a colon; 0 if there is none here.</summary>
    private int KeyLength()
    {
        var rest = _text.AsSpan(_at);
        int length = rest.IndexOfAnyExcept(KeyCharacters);
        return length is > 0 and <= MostCharacters && rest[length] == ':' && rest[0] != '-'
            && (length + 1 == rest.Length || rest[length + 1] is ' ' or '\n') ? length : 0;
    }

    /// <summary>Reads a key and its colon; false if the mapping has the key already.</summary>
    private bool TryKey(int length, int first, [NotNullWhen(true)] out ScalarNode? key)
    {
        key = null;
        string text = Intern(_text.AsSpan(_at, length));
        if (_entries.Count - first >= MostKeys)
            return false;
        for (int i = first; i < _entries.Count; i++)
        {
            if (_entries[i].Key.Text == text)
                return false;
        }
        key = new ScalarNode(Place, text, false);
        _at += length + 1;
        return true;
    }

    /// <summary>Stores repeated words once.</summary>
    private string Intern(ReadOnlySpan<char> text)
    {
        if (!_interned.TryGetValue(text, out string? known))
        {
            known = text.ToString();
            _interned.Set.Add(known);
        }
        return known;
    }

    private bool Take(char c)
    {
        if (Here != c)
            return false;
        _at++;
        return true;
    }

    /// <summary>Reads a comma; false without one. A comma with nothing after it is outside of the subset.</summary>
    private bool TakeComma()
    {
        if (Here != ',' || Ahead != ' ')
            return false;
        _at++;
        SkipSpaces();
        return true;
    }

    private void SkipSpaces()
    {
        while (_at < _text.Length && _text[_at] == ' ')
            _at++;
    }

    /// <summary>Moves to the first word of the next line that has one; false if something else is on the rest of this
    /// line.</summary>
    private bool EndLine()
    {
        SkipSpaces();
        // A number sign directly after a word belongs to the word.
        if (Here != '\n' && (Here != '#' || _text[_at - 1] != ' '))
            return false;
        NextWord();
        return true;
    }

    /// <summary>Skips the rest of the line if it is empty or a comment, and following lines of that kind.</summary>
    private void NextWord()
    {
        SkipSpaces();
        while (_at < _text.Length && Here is '\n' or '#')
        {
            int end = _text.IndexOf('\n', _at);
            _at = end < 0 ? _text.Length : end + 1;
            _lineStart = _at;
            _line++;
            SkipSpaces();
        }
    }

    /// <summary>True if the next line is not deeper than that column; a deeper one would continue the value.</summary>
    private bool IsOutside(int column) => _at >= _text.Length || Column <= column;

    private static ImmutableArray<T> TakeFrom<T>(List<T> list, int first)
    {
        var taken = CollectionsMarshal.AsSpan(list)[first..].ToImmutableArray();
        list.RemoveRange(first, list.Count - first);
        return taken;
    }
}
