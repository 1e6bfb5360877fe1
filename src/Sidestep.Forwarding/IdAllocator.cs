namespace Sidestep.Forwarding;

/// <summary>Allocates small stable IDs to keys: inline IDs first. Within both ranges, a released ID is reused as late
/// as possible. Not thread-safe.</summary>
/// <typeparam name="T">Type of the keys.</typeparam>
public sealed class IdAllocator<T> where T : notnull
{
    private readonly Dictionary<T, int> _ids = [];
    private readonly Queue<int> _inlineIds = new();
    private readonly Queue<int> _otherIds = new();
    private readonly int _inlineEnd;

    /// <summary>The ID of a key until it gets one.</summary>
    private const int Pending = -1;

    /// <summary>Creates an allocator of the IDs from <paramref name="first"/> to <paramref name="end"/> - 1.</summary>
    /// <param name="first">The smallest ID.</param>
    /// <param name="inlineEnd">IDs below are inline: their entries lie in memory of the program itself (.bss).</param>
    /// <param name="end">The end of the range, exclusive.</param>
    /// <param name="assigned">IDs that are in use already.</param>
    public IdAllocator(int first, int inlineEnd, int end, IReadOnlyDictionary<T, int> assigned)
    {
        _inlineEnd = inlineEnd;
        foreach (var (key, id) in assigned)
            _ids.Add(key, id);
        var used = _ids.Values.ToHashSet();
        for (var id = first; id < end; id++)
        {
            if (!used.Contains(id))
                Free(id);
        }
    }

    /// <summary>The ID that was allocated to a key.</summary>
    /// <exception cref="KeyNotFoundException">The key has none.</exception>
    public int this[T key] => _ids[key];

    /// <summary>The ID of a key; false when it has none.</summary>
    public bool TryFind(T key, out int id) => _ids.TryGetValue(key, out id);

    /// <summary>The keys that have an ID.</summary>
    public IReadOnlyCollection<T> Keys => _ids.Keys;

    /// <summary>Allocates an ID to each key that has none.</summary>
    /// <param name="requested">The keys; no more than there are IDs: the caller checks capacity first.</param>
    /// <param name="leaving">Keys that will be released after the change. When free IDs run out, theirs are reused.
    /// Packets in processing may then be counted for the wrong key, but never go to a wrong server, because everything
    /// that an ID leads to exists once per bank of the tables.</param>
    /// <returns>The IDs of the keys that had none.</returns>
    public IReadOnlyList<int> Allocate(IEnumerable<T> requested, IEnumerable<T> leaving)
    {
        ArgumentNullException.ThrowIfNull(requested);
        // Hashing the keys is most of the work: 100,000 servers come at once.
        var added = new List<T>();
        foreach (var key in requested)
        {
            if (_ids.TryAdd(key, Pending))
                added.Add(key);
        }
        var free = _inlineIds.Count + _otherIds.Count;
        if (added.Count > free)
            Release(leaving.Take(added.Count - free));
        var ids = new int[added.Count];
        for (var i = 0; i < ids.Length; i++)
            _ids[added[i]] = ids[i] = _inlineIds.TryDequeue(out var id) ? id : _otherIds.Dequeue();
        return ids;
    }

    /// <summary>Gives the ID of one key to another one that has none.</summary>
    public void Rename(T from, T to)
    {
        if (_ids.Remove(from, out var id))
            _ids.Add(to, id);
    }

    private void Free(int id) => (id < _inlineEnd ? _inlineIds : _otherIds).Enqueue(id);

    /// <summary>Releases the IDs of keys; keys without an ID are ignored.</summary>
    /// <returns>The released IDs.</returns>
    public IReadOnlyList<int> Release(IEnumerable<T> keys)
    {
        var freed = new List<int>();
        foreach (var key in keys.ToArray())
        {
            if (!_ids.Remove(key, out var id))
                continue;
            Free(id);
            freed.Add(id);
        }
        return freed;
    }
}
