namespace Sidestep.Forwarding;

/// <summary>Gives things small numbers that stay theirs: near ones first. Of these, and of the others, a freed number comes
/// back last, so that it rests longest.</summary>
/// <typeparam name="T">What identifies a thing.</typeparam>
public sealed class IdAllocator<T> where T : notnull
{
    private readonly Dictionary<T, int> _ids = [];
    private readonly Queue<int> _inlineIds = new();
    private readonly Queue<int> _otherIds = new();
    private readonly int _inlineEnd;

    /// <summary>Allocates from <paramref name="first"/> on.</summary>
    /// <param name="first">The smallest number.</param>
    /// <param name="inlineEnd">Numbers below are near.</param>
    /// <param name="end">All are below.</param>
    /// <param name="assigned">Numbers that are in use already.</param>
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

    /// <summary>The number of a thing that has one.</summary>
    public int this[T key] => _ids[key];

    /// <summary>The number of a thing, if it has one.</summary>
    public bool TryFind(T key, out int id) => _ids.TryGetValue(key, out id);

    /// <summary>The things that have a number.</summary>
    public IReadOnlyCollection<T> Keys => _ids.Keys;

    /// <summary>Gives things a number that have none.</summary>
    /// <param name="requested">No more than there are numbers: the caller checks capacity first.</param>
    /// <param name="leaving">Things that will be released after the change. When free numbers run out, theirs are taken over;
    /// packets on their way may then be counted for the wrong one, and never go to a wrong one, because everything that a
    /// number leads to exists once per half of the tables.</param>
    /// <returns>The things that had none.</returns>
    public IReadOnlyList<T> Allocate(IEnumerable<T> requested, IEnumerable<T> leaving)
    {
        var added = requested.Where(t => !_ids.ContainsKey(t)).Distinct().ToArray();
        var free = _inlineIds.Count + _otherIds.Count;
        if (added.Length > free)
            Release(leaving.Take(added.Length - free));
        foreach (var key in added)
            _ids.Add(key, _inlineIds.TryDequeue(out var id) ? id : _otherIds.Dequeue());
        return added;
    }

    private void Free(int id) => (id < _inlineEnd ? _inlineIds : _otherIds).Enqueue(id);

    /// <summary>Frees the numbers of things; of those that have one.</summary>
    /// <returns>The freed numbers.</returns>
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
