using System.Collections.Immutable;

namespace Sidestep.Model.Yaml;

/// <summary>A place in the document, both 1-based.</summary>
internal readonly record struct Position(int Line, int Column);

/// <summary>One node of the document with its place: what binding works on, so that nothing loses its line.</summary>
internal abstract record Node(Position Position)
{
    /// <summary>What the node is, for messages.</summary>
    public abstract string Form { get; }
}

/// <summary>A single value. Quoted text is never a number, a flag or null.</summary>
internal sealed record ScalarNode(Position Position, string Text, bool Quoted) : Node(Position)
{
    /// <summary>YAML's null: nothing, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull => !Quoted && Text is ("" or "~" or "null" or "Null" or "NULL");

    public override string Form => IsNull ? "nothing" : "a single value";
}

internal sealed record ListNode(Position Position, ImmutableArray<Node> Items) : Node(Position)
{
    public override string Form => "a list";
}

/// <summary>Keys are unique: a second one was reported and dropped.</summary>
internal sealed record MappingNode(Position Position, ImmutableArray<MappingEntry> Entries) : Node(Position)
{
    public override string Form => "a mapping";
}

/// <summary>Stands for something that was already reported, so that nobody reports its absence or its form too.</summary>
internal sealed record ErrorNode(Position Position) : Node(Position)
{
    public override string Form => "refused";
}

internal readonly record struct MappingEntry(ScalarNode Key, Node Value);
