namespace Sidestep.Engine.Xdp;

/// <summary>Hands out runs of slot blocks, first fit.</summary>
internal sealed class BlockAllocator(int blocks)
{
    private readonly bool[] _used = new bool[blocks];

    /// <summary>Takes a run; null when there is no run of that many free blocks.</summary>
    internal int? Take(int count)
    {
        var run = 0;
        for (var i = 0; i < _used.Length; i++)
        {
            run = _used[i] ? 0 : run + 1;
            if (run < count)
                continue;
            var first = i - count + 1;
            Mark(first, count);
            return first;
        }
        return null;
    }

    /// <summary>Marks a run as taken.</summary>
    internal void Mark(int first, int count) => _used.AsSpan(first, count).Fill(true);

    /// <summary>Gives a run back.</summary>
    internal void Free(int first, int count) => _used.AsSpan(first, count).Clear();
}
