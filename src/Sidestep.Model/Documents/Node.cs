using System.Collections.Immutable;

namespace Sidestep.Model.Documents;

/// <summary>A position in the document: line and column, both from 1.</summary>
internal readonly record struct Position(int Line, int Column)
{
    /// <summary>The location of the value at <paramref name="path"/>, which is written here.</summary>
    public SourceLocation Of(DocumentPath path) => new(path.JsonPointer, Line, Column);
}

/// <summary>One node of the document with its position. Values are read from nodes, so that each of them keeps its
/// line.</summary>
internal abstract record Node(Position Position)
{
    /// <summary>The form of the node, for messages.</summary>
    public abstract string Form { get; }
}

/// <summary>A single value. Quoted text is never a number, a boolean or null.</summary>
internal sealed record ScalarNode(Position Position, string Text, bool Quoted) : Node(Position)
{
    /// <summary>True for YAML's null: an empty text, <c>~</c> or <c>null</c>, without quotes.</summary>
    public bool IsNull => !Quoted && Text is ("" or "~" or "null" or "Null" or "NULL");

    public override string Form => IsNull ? "nothing" : "a single value";
}

/// <summary>A YAML sequence, in block or flow style, with its items in order.</summary>
internal sealed record ListNode(Position Position, ImmutableArray<Node> Items) : Node(Position)
{
    public override string Form => "a list";
}

/// <summary>A mapping. Its keys are unique: a duplicate was reported and dropped.</summary>
internal sealed record MappingNode(Position Position, ImmutableArray<MappingEntry> Entries) : Node(Position)
{
    public override string Form => "a mapping";

    /// <summary>A mapping that is written: the entries that are not null, in their order.</summary>
    public static MappingNode Of(params ReadOnlySpan<MappingEntry?> entries)
    {
        var present = ImmutableArray.CreateBuilder<MappingEntry>(entries.Length);
        foreach (var entry in entries)
        {
            if (entry is { } known)
                present.Add(known);
        }
        return new MappingNode(default, present.ToImmutable());
    }
}

/// <summary>Stands for something that was reported already, so that it is reported neither as missing nor as having the
/// wrong form.</summary>
internal sealed record ErrorNode(Position Position) : Node(Position)
{
    public override string Form => "refused";
}

/// <summary>A key of a mapping and its value.</summary>
internal readonly record struct MappingEntry(ScalarNode Key, Node Value);
