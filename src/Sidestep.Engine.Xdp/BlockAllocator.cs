namespace Sidestep.Engine.Xdp;

/// <summary>Hands out runs of slot blocks: from where the last one was found on, and round.</summary>
/// <param name="start">Number of the first block.</param>
/// <param name="blocks">How many there are.</param>
internal sealed class BlockAllocator(int start, int blocks)
{
    private readonly bool[] _used = new bool[blocks];
    private int _next;

    /// <summary>Takes a run; null when there is no run of that many free blocks.</summary>
    internal int? Take(int count) => start + (Find(_next, blocks, count) ?? Find(0, Math.Min(blocks, _next + count), count));

    /// <summary>Marks a run as taken.</summary>
    internal void MarkUsed(int first, int count) => _used.AsSpan(first - start, count).Fill(true);

    /// <summary>Gives a run back.</summary>
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
