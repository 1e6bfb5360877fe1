using System.Buffers;
using Sidestep.Model.Schema;
using Sidestep.Model.Yaml;

namespace Sidestep.Model.Incremental;

/// <summary>A document that was read, and what the next version of it can take over.</summary>
internal sealed record PreviousDocument
{
    // YAML counts lines by these too; who knows whether an editor does.
    private static readonly SearchValues<char> UnusualLineBreaks = SearchValues.Create("\r\u0085\u2028\u2029\uFEFF");

    /// <summary>The text.</summary>
    public required string Text { get; init; }

    /// <summary>What it says, without errors of a single value.</summary>
    public required BoundMapping Root { get; init; }

    /// <summary>True while nodes know the lines that they stand on: until a change moved lines.</summary>
    public required bool HasLines { get; init; }

    /// <summary>The records, or null when values contradict each other.</summary>
    public Configuration? Configuration { get; init; }

    private BlockSequenceIndex? Pools { get; init; }

    private BlockSequenceIndex? Services { get; init; }

    /// <summary>Null when nothing of the document could be taken over.</summary>
    public static PreviousDocument? Of(string text, BoundMapping root, Configuration? configuration)
    {
        if (text.AsSpan().ContainsAny(UnusualLineBreaks))
            return null;
        var lines = new List<int> { 0 };
        for (int at = text.IndexOf('\n', StringComparison.Ordinal); at >= 0; at = text.IndexOf('\n', at + 1))
            lines.Add(at + 1);
        return new PreviousDocument
        {
            Text = text,
            Root = root,
            HasLines = true,
            Configuration = configuration,
            Pools = ListOf(DocumentSchema.Pools, root, text, lines),
            Services = ListOf(DocumentSchema.VirtualServices, root, text, lines),
        };
    }

    /// <summary>The new version of the document, read by its difference; null when that is not possible or in doubt.</summary>
    public PreviousDocument? Read(string text)
    {
        var change = TextDifference.Between(Text, text);
        if (text.AsSpan(change.Start..change.NewEnd).ContainsAny(UnusualLineBreaks))
            return null;
        return Read(text, change, Pools, DocumentSchema.Pools, PoolSchema.Kind,
                (c, i, m) => c with { Pools = c.Pools.SetItem(i, PoolSchema.Build(m)) })
            ?? Read(text, change, Services, DocumentSchema.VirtualServices, VirtualServiceSchema.Kind,
                (c, i, m) => c with { VirtualServices = c.VirtualServices.SetItem(i, VirtualServiceSchema.Build(m)) });
    }

    private PreviousDocument? Read(string text, TextDifference change, BlockSequenceIndex? list, Key<IReadOnlyList<BoundMapping>> key,
        MappingKind kind, Func<Configuration, int, BoundMapping, Configuration> replace)
    {
        if (list is null || !list.TryFind(change, text, out int index, out var lines))
            return null;
        int linesBefore = text.AsSpan(0, list.StartOf(index)).Count('\n');
        var issues = new IssueList();
        if (YamlParser.Parse(lines, issues, linesBefore) is not ListNode { Items: [var node] }
            || !kind.TryBind(node, DocumentPath.Item(key.Name, index), issues, out var item) || issues.HasAny)
            return null;
        var items = Root.Find(key)!.Value.ToArray();
        items[index] = item;
        bool movesLines = Text.AsSpan(change.Start..change.OldEnd).Count('\n') != text.AsSpan(change.Start..change.NewEnd).Count('\n');
        return this with
        {
            Text = text,
            Root = Root.With(key, items),
            HasLines = HasLines && !movesLines,
            // What is built is only handed out when the rules find no error.
            Configuration = Configuration is null ? null : replace(Configuration, index, item),
            Pools = Pools?.After(change),
            Services = Services?.After(change),
        };
    }

    private static BlockSequenceIndex? ListOf(Key<IReadOnlyList<BoundMapping>> key, BoundMapping root, string text, List<int> lines)
    {
        if (root.Find(key) is not { } located)
            return null;
        int nextLine = ((MappingNode)root.Node).Entries.Select(e => e.Key.Position.Line)
            .Where(l => l > located.Node.Position.Line).DefaultIfEmpty(lines.Count + 1).Min();
        return BlockSequenceIndex.Of(text, lines, located.Value, nextLine);
    }
}
