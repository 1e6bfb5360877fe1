using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sidestep.Model.Documents;

/// <summary>Parses YAML text into nodes with positions. It knows YAML, but not the meaning of a
/// configuration.</summary>
/// <remarks>Events are pulled one by one and aliases are never expanded, so that memory stays proportional to the
/// text.</remarks>
internal sealed class YamlParser
{
    private const string SyntaxRemedy =
        "Look at this line and the one above: indent with spaces, put a colon and a space after a key, close quotes "
        + "and brackets";

    private readonly Parser _parser;
    private readonly IssueList _issues;
    private readonly MappingBuilder _mappings;
    private readonly Stack<Position> _openBrackets = [];
    private readonly int _linesBefore;

    private YamlParser(string yaml, IssueList issues, int linesBefore)
    {
        _linesBefore = linesBefore;
        _parser = new Parser(new StringReader(yaml));
        _issues = issues;
        _mappings = new MappingBuilder(issues);
    }

    /// <summary>The root of the only document in <paramref name="yaml"/>; null if that was reported as
    /// invalid.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="issues">Receives the errors.</param>
    /// <param name="linesBefore">Lines before the text, if it is a part of a document.</param>
    public static Node? Parse(string yaml, IssueList issues, int linesBefore = 0)
    {
        var parser = new YamlParser(yaml, issues, linesBefore);
        try
        {
            return parser.ReadDocument();
        }
        catch (YamlException malformed)
        {
            var at = parser.At(malformed.Start.Line, malformed.Start.Column);
            if (TabAfter(yaml, at) is { } tab)
                issues.Error(DocumentPath.Root, tab, null, "not YAML: a tab in the indentation", "Indent with spaces");
            else
                issues.Error(DocumentPath.Root, at, null,
                    $"not YAML: {Sentence(malformed.Message)}{parser.OpenBracket()}", SyntaxRemedy);
        }
        // Parsing stops here, because the time of the library is proportional to the square of the depth.
        catch (TooDeepException deep)
        {
            issues.Error(deep.Path, deep.At, null, $"nested deeper than {Limits.NestingDepth} levels",
                "A configuration needs six: look for stray brackets");
        }
        // The library throws this if another block begins between brackets. It reads ahead, so the bracket itself may
        // not have been an event yet.
        catch (InvalidOperationException)
        {
            if (!parser._openBrackets.TryPeek(out var position))
            {
                var end = parser._parser.Current?.End;
                position = parser.At(end?.Line ?? 0, end?.Column ?? 0);
            }
            issues.Error(DocumentPath.Root, position, null,
                "not YAML: a bracket that opens here or a little later is not closed", "Close the bracket");
        }
        return null;
    }

    private Node? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            _issues.Error(DocumentPath.Root, new Position(1, 1), null, "the document is empty",
                "Write at least the sections node and group; docs/example.yaml is a start");
            return null;
        }
        var root = ReadNode(DocumentPath.Root, 0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<DocumentStart>(out var second))
            return root;
        _issues.Error(DocumentPath.Root, StartOf(second), null, "a second YAML document begins here",
            "Keep one document per file: remove the line --- or ... before it");
        // One half of a configuration would only cause errors about the other half.
        return null;
    }

    private Node ReadNode(DocumentPath path, int depth, bool isKey = false)
    {
        var at = StartOf(_parser.Current!);
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            _issues.Error(path, at, "*" + alias.Value.Value, "YAML aliases are not supported",
                "Write the value out at this place");
            return new ErrorNode(at);
        }
        RejectAnchorAndTag(_parser.Require<NodeEvent>(), path);
        if (_parser.TryConsume<Scalar>(out var scalar))
            return new ScalarNode(at, isKey ? _mappings.Intern(scalar.Value) : scalar.Value,
                scalar.Style != ScalarStyle.Plain);
        if (depth == Limits.NestingDepth)
            throw new TooDeepException(path, at);
        return _parser.Accept<SequenceStart>(out _) ? ReadList(at, path, depth) : ReadMapping(at, path, depth);
    }

    private ListNode ReadList(Position at, DocumentPath path, int depth)
    {
        if (_parser.Consume<SequenceStart>().Style == SequenceStyle.Flow)
            _openBrackets.Push(at);
        var items = ImmutableArray.CreateBuilder<Node>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadNode(DocumentPath.Item(path, items.Count), depth + 1));
        Close(at);
        return new ListNode(at, items.ToImmutable());
    }

    private MappingNode ReadMapping(Position at, DocumentPath path, int depth)
    {
        if (_parser.Consume<MappingStart>().Style == MappingStyle.Flow)
            _openBrackets.Push(at);
        int number = _mappings.Begin();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (ReadNode(path, depth + 1, isKey: true) is not ScalarNode key)
            {
                var odd = ReadNode(path, depth + 1);
                _issues.Error(path, odd.Position, null, "the key of this value is a list, a mapping or an alias",
                    "Write a plain word and a colon as the key");
                continue;
            }
            _mappings.Add(key, ReadNode(DocumentPath.Key(path, key.Text), depth + 1));
        }
        Close(at);
        return _mappings.End(number, at, path);
    }

    private string OpenBracket() =>
        _openBrackets.TryPeek(out var open) ? $" (a bracket opens at {open.Line}:{open.Column})" : "";

    private void Close(Position at)
    {
        if (_openBrackets.TryPeek(out var open) && open == at)
            _openBrackets.Pop();
    }

    private void RejectAnchorAndTag(NodeEvent node, DocumentPath path)
    {
        if (!node.Anchor.IsEmpty)
            _issues.Error(path, StartOf(node), "&" + node.Anchor.Value, "YAML anchors are not supported",
                "Remove the anchor and write the value out where it is needed");
        // The parser marks some quoted texts with "!" alone; only a written tag has a name.
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
            _issues.Error(path, StartOf(node), node.Tag.Value, "YAML tags are not supported",
                "Remove the tag: the form of a value follows from its key");
    }

    private sealed class TooDeepException(DocumentPath path, Position at) : Exception
    {
        public DocumentPath Path { get; } = path;

        public Position At { get; } = at;
    }

    private Position StartOf(ParsingEvent read) => At(read.Start.Line, read.Start.Column);

    private Position At(long line, long column) => new(Bounded(line + _linesBefore), Bounded(column));

    private static int Bounded(long number) => (int)Math.Clamp(number, 1, int.MaxValue);

    private static string Sentence(string message) =>
        message.Length == 0 ? message : (char.ToLowerInvariant(message[0]) + message[1..]).TrimEnd('.');

    // For a tab the library reports the start of the block, with a message about something else.
    private static Position? TabAfter(string text, Position at)
    {
        int number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var indentation = line[..(line.Length - line.TrimStart(" \t").Length)];
            if (number >= at.Line && indentation.Length < line.Length && indentation.Contains('\t'))
                return new Position(number, indentation.IndexOf('\t') + 1);
        }
        return null;
    }
}
