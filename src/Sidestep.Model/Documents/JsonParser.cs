using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Sidestep.Model.Documents;

/// <summary>Parses JSON text (RFC 8259) into the same nodes as YAML. Comments and commas without a value after them are
/// errors.</summary>
internal ref struct JsonParser
{
    private const string SyntaxRemedy =
        "Look at this place and just before it: quote keys and text, put commas between values, close quotes and "
        + "brackets";

    private readonly IssueList _issues;
    private readonly MappingBuilder _mappings;
    private Utf8JsonReader _reader;
    private TextPositions _positions;

    private JsonParser(ReadOnlySpan<byte> text, IssueList issues)
    {
        // The parser checks the depth itself, for the same message as with YAML.
        _reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = Limits.NestingDepth + 2 });
        _positions = new TextPositions(text);
        _issues = issues;
        _mappings = new MappingBuilder(issues);
    }

    /// <summary>True if a document is JSON: its first character is a brace.</summary>
    public static bool IsJson(string text) => text.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith('{');

    /// <summary>The root of the document; null if it was reported as invalid.</summary>
    public static Node? Parse(string text, IssueList issues)
    {
        var bytes = Encoding.UTF8.GetBytes(text.TrimStart('\uFEFF'));
        var parser = new JsonParser(bytes, issues);
        try
        {
            parser._reader.Read();
            var root = parser.ReadNode(DocumentPath.Root, 0);
            if (root is not null)
                parser._reader.Read();
            return root;
        }
        catch (JsonException malformed)
        {
            var at = TextPositions.Of(bytes, malformed.LineNumber ?? 0, malformed.BytePositionInLine ?? 0);
            issues.Error(DocumentPath.Root, at, null, $"not JSON: {Sentence(malformed.Message)}", SyntaxRemedy);
        }
        return null;
    }

    /// <summary>Reads the value at the current token; null if the document was rejected.</summary>
    private Node? ReadNode(DocumentPath path, int depth)
    {
        var at = _positions.MoveTo(_reader.TokenStartIndex);
        switch (_reader.TokenType)
        {
            case JsonTokenType.String:
                return ReadText() is { } text ? new ScalarNode(at, text, true) : null;
            case JsonTokenType.StartObject or JsonTokenType.StartArray when depth == Limits.NestingDepth:
                _issues.Error(path, at, null, $"nested deeper than {Limits.NestingDepth} levels",
                    "A configuration needs six: look for stray brackets");
                return null;
            case JsonTokenType.StartObject:
                return ReadMapping(at, path, depth);
            case JsonTokenType.StartArray:
                return ReadList(at, path, depth);
            default:
                return new ScalarNode(at, Encoding.UTF8.GetString(_reader.ValueSpan), false);
        }
    }

    private ListNode? ReadList(Position at, DocumentPath path, int depth)
    {
        var items = ImmutableArray.CreateBuilder<Node>();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (ReadNode(DocumentPath.Item(path, items.Count), depth + 1) is not { } item)
                return null;
            items.Add(item);
        }
        return new ListNode(at, items.ToImmutable());
    }

    private MappingNode? ReadMapping(Position at, DocumentPath path, int depth)
    {
        int number = _mappings.Begin();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            var keyAt = _positions.MoveTo(_reader.TokenStartIndex);
            if (ReadText() is not { } text)
                return null;
            var key = new ScalarNode(keyAt, _mappings.Intern(text), true);
            _reader.Read();
            if (ReadNode(DocumentPath.Key(path, key.Text), depth + 1) is not { } value)
                return null;
            _mappings.Add(key, value);
        }
        return _mappings.End(number, at, path);
    }

    /// <summary>The text of the current token; null if it is no Unicode text, which was reported.</summary>
    private readonly string? ReadText()
    {
        try
        {
            return _reader.GetString()!;
        }
        // Half of a surrogate pair, as an escape.
        catch (InvalidOperationException)
        {
            _issues.Error(DocumentPath.Root, _positions.Current, null,
                "not JSON: an escape stands for half of a character", "Write both \\u escapes of the character");
            return null;
        }
    }

    // The library appends line and byte to its messages, counted from 0.
    private static string Sentence(string message)
    {
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string text = (end < 0 ? message : message[..end]).TrimEnd('.');
        return IssueList.Quote(text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..], text.Length);
    }
}
