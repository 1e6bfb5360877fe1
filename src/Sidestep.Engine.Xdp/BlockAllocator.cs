namespace Sidestep.Engine.Xdp;

/// <summary>Allocates runs of adjacent slot blocks. The search starts after the previous allocation and wraps
/// around.</summary>
/// <param name="start">Number of the first block.</param>
/// <param name="blocks">Number of blocks.</param>
internal sealed class BlockAllocator(int start, int blocks)
{
    private readonly bool[] _used = new bool[blocks];
    private int _next;

    /// <summary>Allocates a run. Returns the number of its first block; null when no run of that many free blocks
    /// exists.</summary>
    internal int? Take(int count) =>
        start + (Find(_next, blocks, count) ?? Find(0, Math.Min(blocks, _next + count), count));

    /// <summary>Marks a run as allocated.</summary>
    internal void MarkUsed(int first, int count) => _used.AsSpan(first - start, count).Fill(true);

    /// <summary>Makes a run of blocks free again.</summary>
    internal void Free(int first, int count) => _used.AsSpan(first - start, count).Clear();

    private int? Find(int from, int to, int count)
    {
        var run = 0;
        for (var i = from; i < to; i++)
        {
            run = _used[i] ? 0 : run + 1;
            if (run < count)
                continue;
            var first = i - count + 1;
            _used.AsSpan(first, count).Fill(true);
            _next = i + 1;
            return first;
        }
        return null;
    }
}
