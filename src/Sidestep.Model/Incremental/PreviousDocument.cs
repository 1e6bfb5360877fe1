using System.Buffers;
using Sidestep.Model.Documents;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Incremental;

/// <summary>A document that was read, and the parts of it that the next version can reuse.</summary>
internal sealed record PreviousDocument
{
    // YAML counts lines by these too; editors may not.
    private static readonly SearchValues<char> UnusualLineBreaks = SearchValues.Create("\r\u0085\u2028\u2029\uFEFF");

    /// <summary>The whole document, as it was read.</summary>
    public required string Text { get; init; }

    /// <summary>The parsed content of the document, without errors of single values.</summary>
    public required BoundMapping Root { get; init; }

    /// <summary>True if the nodes still have the right line numbers, because no change has moved lines.</summary>
    public required bool HasLines { get; init; }

    /// <summary>The configuration; null if values contradict each other.</summary>
    public Configuration? Configuration { get; init; }

    private BlockSequenceIndex? Pools { get; init; }

    private BlockSequenceIndex? Services { get; init; }

    /// <summary>Keeps a document for the next reading. Null if no part of it could be reused.</summary>
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

    /// <summary>Reads the next version of the document by its difference; null if the difference does not determine its
    /// meaning.</summary>
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

    private PreviousDocument? Read(string text, TextDifference change, BlockSequenceIndex? list,
        Key<IReadOnlyList<BoundMapping>> key,
        MappingKind kind, Func<Configuration, int, BoundMapping, Configuration> replace)
    {
        if (list is null || !list.TryFind(change, text, out int index, out var lines))
            return null;
        int linesBefore = text.AsSpan(0, list.StartOf(index)).Count('\n');
        var issues = new IssueList();
        if (YamlParser.Parse(lines, issues, linesBefore) is not ListNode { Items: [var node] }
            || !kind.TryBind(node, DocumentPath.Item(DocumentPath.Key(DocumentPath.Root, key.Name), index), issues,
                out var item) || issues.HasAny)
            return null;
        var items = Root.Find(key)!.Value.ToArray();
        items[index] = item;
        bool movesLines = Text.AsSpan(change.Start..change.OldEnd)
            .Count('\n') != text.AsSpan(change.Start..change.NewEnd).Count('\n');
        return this with
        {
            Text = text,
            Root = Root.With(key, items),
            HasLines = HasLines && !movesLines,
            // The configuration is returned only if the rules find no error.
            Configuration = Configuration is null ? null : replace(Configuration, index, item),
            Pools = Pools?.After(change),
            Services = Services?.After(change),
        };
    }

    private static BlockSequenceIndex? ListOf(Key<IReadOnlyList<BoundMapping>> key, BoundMapping root, string text,
        List<int> lines)
    {
        if (root.Find(key) is not { } located)
            return null;
        int nextLine = ((MappingNode)root.Node).Entries.Select(e => e.Key.Position.Line)
            .Where(l => l > located.Node.Position.Line).DefaultIfEmpty(lines.Count + 1).Min();
        return BlockSequenceIndex.Of(text, lines, located.Value, nextLine);
    }
}
